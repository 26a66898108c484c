import Datasets
import Imaging

/// A few of the built-in images, as large as those that are to be trained on: the step is tried on them before there is a run.
struct SyntheticDataset: ImageDataset {
  let classNames: [String]
  let count: Int
  let viewSize: ImageSize
  let normalization: ChannelNormalization

  private let images: [RGBImage]

  /// A set of `count` images, which repeat themselves.
  init(count: Int, viewSize: ImageSize) {
    // As many classes as there are images.
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
