import ImageCodecs
import Imaging
import KeyedRandomness

/// The built-in set: ten shapes drawn in color, 32×32 pixels, any number of them, without a download.
///
/// The class is the outline alone; colors, place, size, angle, background, clutter and noise are nuisances drawn
/// independently of it. So pixels compared one by one say little about the class, and a small convolutional network learns
/// it in minutes. Image `index` of a split is a function of (seed, split, index); a
/// smaller set is the beginning of a larger one.
package struct ShapesDataset: ImageDataset {
  static let side = 32

  /// The names of the shapes.
  package let classNames = ShapeOutline.allCases.map { shape in "\(shape)" }
  /// The number of images.
  package let count: Int
  /// The channels' mean and standard deviation over the first 20,000 training images of seed 0.
  package let normalization = ChannelNormalization(
    mean: [0.316, 0.316, 0.315], standardDeviation: [0.221, 0.220, 0.223])

  private let seed: UInt64
  private let split: Split

  /// A set of `count` images.
  ///
  /// - Parameters:
  ///   - count: The number of images.
  ///   - seed: The key of all draws; different seeds give different images.
  ///   - split: `train` or `test`, which share no image. A validation set is held out of the training set (``HeldOutSplit``).
  package init(count: Int, seed: UInt64, split: Split) {
    precondition(count >= 0, "count \(count) is negative")
    precondition(split != .validation, "shapes has no validation images of its own")
    self.count = count
    self.seed = seed
    self.split = split
  }

  /// 32×32.
  package var viewSize: ImageSize { ImageSize(width: Self.side, height: Self.side) }

  /// The class of one image: the classes take turns.
  package func label(at index: Int) -> Int { index % ShapeOutline.allCases.count }

  /// Draws one image.
  package func image(at index: Int) -> RGBImage {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    let splitNumber = split == .train ? 0 : 1
    var painter = ShapePainter(RandomStream(seed: seed, .drawing, epoch: splitNumber, sample: index))
    return painter.paint(ShapeOutline.allCases[label(at: index)])
  }
}
