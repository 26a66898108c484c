import ImageCodecs
import Imaging
import KeyedRandomness

/// The built-in dataset: any number of 32×32 color images of ten shapes, drawn by the program.
///
/// The class is the outline alone; colors, position, size, angle, background, clutter and noise are drawn independently
/// of it. Single pixels therefore say little about the class, and a small convolutional network learns it in minutes.
/// Image `index` of a split is a function of (seed, split, index), so that a smaller dataset is the beginning of a
/// larger one.
package struct ShapesDataset: ImageDataset {
  private static let side = ShapePainter.side

  /// The names of the shapes.
  package let classNames = ShapeOutline.allCases.map { shape in "\(shape)" }
  /// The number of images.
  package let count: Int
  /// The channels' mean and standard deviation over the first 20,000 training images of seed 0.
  package let normalization = ChannelNormalization(
    mean: [0.316, 0.316, 0.315], standardDeviation: [0.221, 0.220, 0.223])

  private let seed: UInt64
  private let split: Split

  /// Creates a dataset of `count` images.
  ///
  /// - Parameters:
  ///   - count: The number of images.
  ///   - seed: The key of all random draws; different seeds give different images.
  ///   - split: `train` or `test`, which share no image. Validation images are held out of the training set
  ///     (``HeldOutSplit``).
  package init(count: Int, seed: UInt64, split: Split) {
    precondition(count >= 0, "count \(count) is negative")
    precondition(split != .validation, "shapes has no validation images of its own")
    self.count = count
    self.seed = seed
    self.split = split
  }

  /// The size of all images, 32×32 pixels.
  package var viewSize: ImageSize { ImageSize(width: Self.side, height: Self.side) }

  /// Returns the class index of one image; consecutive images have consecutive classes.
  package func label(at index: Int) -> Int { index % ShapeOutline.allCases.count }

  /// Draws the image of a sample, which depends only on the seed, the split and the index.
  package func image(at index: Int) -> RGBImage {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    let splitNumber = split == .train ? 0 : 1
    var painter = ShapePainter(RandomStream(seed: seed, .drawing, epoch: splitNumber, sample: index))
    return painter.paint(ShapeOutline.allCases[label(at: index)])
  }
}
