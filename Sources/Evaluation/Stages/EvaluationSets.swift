import Configuration
import Datasets
import Formats
import ImageCodecs
import Imaging
import Measures

/// A dataset with every image flipped horizontally.
struct MirroredDataset: ImageDataset {
  let original: any ImageDataset

  var classNames: [String] { original.classNames }
  var count: Int { original.count }
  var viewSize: ImageSize { original.viewSize }
  var normalization: ChannelNormalization { original.normalization }

  func label(at index: Int) -> Int { original.label(at: index) }

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

/// One corruption of CIFAR-10-C or CIFAR-100-C at one severity: a block of 10,000 images in a `.npy` file of uint8 `[50000, 32, 32, 3]`.
struct CorruptedDataset: ImageDataset {
  let classNames: [String]
  let count: Int
  let viewSize: ImageSize
  let normalization: ChannelNormalization
  private let file: NumPyFile
  private let first: Int
  private let labels: [Int64]

  /// Opens one corruption at one severity.
  ///
  /// - Parameters:
  ///   - folder: The folder of the downloaded `.npy` files.
  ///   - corruption: The name of the corruption.
  ///   - severity: The severity, from 0 to 4 (1 to 5 in the paper).
  ///   - clean: The uncorrupted dataset, whose classes and normalization apply.
  /// - Throws: `FileError` naming a file that is missing or has another shape.
  init(folder: String, corruption: String, severity: Int, like clean: any ImageDataset) throws(FileError) {
    file = try NumPyFile(path: "\(folder)/\(corruption).npy")
    let size = clean.viewSize
    let blocks = CorruptionErrors.severityCount
    guard file.elementType == "|u1", file.shape.count == 4, file.shape[0] > 0, file.shape[0].isMultiple(of: blocks),
      Array(file.shape[1...]) == [size.height, size.width, 3]
    else {
      throw FileError(
        .content,
        "\(file.path): expected |u1 [50000, \(size.height), \(size.width), 3], found \(file.elementType) \(file.shape); give the folder of the published CIFAR-C files"
      )
    }
    let all = try NumPyFile(path: "\(folder)/labels.npy")
    guard all.shape == [file.shape[0]] else {
      throw FileError(.content, "\(all.path): expected [\(file.shape[0])] labels, found \(all.shape)")
    }
    count = file.shape[0] / blocks
    first = severity * count
    labels = try all.integers(first..<first + count)
    classNames = clean.classNames
    viewSize = size
    normalization = clean.normalization
    guard labels.allSatisfy({ label in label >= 0 && label < Int64(clean.classNames.count) }) else {
      throw FileError(.content, "\(all.path): has labels beyond the \(clean.classNames.count) classes of the run")
    }
  }

  func label(at index: Int) -> Int { Int(labels[index]) }

  func image(at index: Int) throws(FileError) -> RGBImage {
    let bytes = 3 * viewSize.pixelCount
    let start = (first + index) * bytes
    let samples = try file.integers(start..<start + bytes).map { level in UInt8(truncatingIfNeeded: level) }
    return RGBImage(width: viewSize.width, height: viewSize.height, samples: samples)
  }
}

/// A dataset whose normalization and view size are replaced by those of another dataset.
struct Renormalized: ImageDataset {
  let original: any ImageDataset
  let viewSize: ImageSize
  let normalization: ChannelNormalization

  init(original: any ImageDataset, like other: any ImageDataset) {
    self.original = original
    viewSize = other.viewSize
    normalization = other.normalization
  }

  var classNames: [String] { original.classNames }
  var count: Int { original.count }

  func label(at index: Int) -> Int { original.label(at: index) }

  func image(at index: Int) throws(FileError) -> RGBImage { try original.image(at: index) }
}
