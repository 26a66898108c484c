import Datasets
import ImageCodecs
import Imaging

/// A dataset of a few generated images of the training images' size, for timing a step before the run.
struct SyntheticDataset: ImageDataset {
  let classNames: [String]
  let count: Int
  let viewSize: ImageSize
  let normalization: ChannelNormalization

  private let images: [RGBImage]

  /// Creates a dataset of `count` samples in a number of classes, which repeat a few images.
  init(count: Int, viewSize: ImageSize, classes: Int) {
    let drawn = ShapesDataset(count: 10, seed: 0, split: .train)
    classNames = (0..<classes).map { index in "class \(index)" }
    normalization = drawn.normalization
    self.count = count
    self.viewSize = viewSize
    // Photographs are usually somewhat larger than the views cut from them.
    let side = viewSize == drawn.viewSize ? viewSize.height : viewSize.height * 8 / 7
    images = (0..<drawn.count).map { index in drawn.image(at: index).resizedShorterSide(side) }
  }

  func label(at index: Int) -> Int { index % classNames.count }

  func image(at index: Int) -> RGBImage { images[index % images.count] }
}
