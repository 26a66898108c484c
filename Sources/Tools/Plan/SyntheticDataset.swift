import Datasets
import ImageCodecs
import Imaging

/// A few built-in images of the size of the training images, for timing a step before the run.
struct SyntheticDataset: ImageDataset {
  let classNames: [String]
  let count: Int
  let viewSize: ImageSize
  let normalization: ChannelNormalization

  private let images: [RGBImage]

  /// Creates a dataset of `count` images, with repetitions.
  init(count: Int, viewSize: ImageSize) {
    // As many classes as distinct images.
    let drawn = ShapesDataset(count: 10, seed: 0, split: .train)
    classNames = drawn.classNames
    normalization = drawn.normalization
    self.count = count
    self.viewSize = viewSize
    // Views of photographs are cut from images somewhat larger.
    let side = viewSize == drawn.viewSize ? viewSize.height : viewSize.height * 8 / 7
    images = (0..<drawn.count).map { index in drawn.image(at: index).resizedShorterSide(side) }
  }

  func label(at index: Int) -> Int { index % images.count }

  func image(at index: Int) -> RGBImage { images[index % images.count] }
}
