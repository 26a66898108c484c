import Datasets
import Formats
import ImageCodecs
import Imaging

/// A dataset derived from another one with the same samples, but changed images or views.
protocol DerivedDataset: ImageDataset {
  /// The dataset from which this one is derived.
  var original: any ImageDataset { get }
}

extension DerivedDataset {
  var classNames: [String] { original.classNames }
  var count: Int { original.count }
  var viewSize: ImageSize { original.viewSize }
  var normalization: ChannelNormalization { original.normalization }

  func label(at index: Int) -> Int { original.label(at: index) }

  func name(at index: Int) -> String { original.name(at: index) }

  func takeReplaced() -> [BadFile] { original.takeReplaced() }
}

/// A dataset with every image flipped horizontally.
struct MirroredDataset: DerivedDataset {
  let original: any ImageDataset

  func image(at index: Int) throws(FileError) -> RGBImage {
    var image = try original.image(at: index)
    let pixels = image.samples
    for row in 0..<image.height {
      for column in 0..<image.width {
        let (source, target) = (row * image.width + image.width - 1 - column, row * image.width + column)
        for channel in 0..<3 {
          image.samples[3 * target + channel] = pixels[3 * source + channel]
        }
      }
    }
    return image
  }
}

/// A dataset with the normalization and view size of a run's encoder in place of its own.
struct Renormalized: DerivedDataset {
  let original: any ImageDataset
  let viewSize: ImageSize
  let normalization: ChannelNormalization

  func image(at index: Int) throws(FileError) -> RGBImage { try original.image(at: index) }
}
