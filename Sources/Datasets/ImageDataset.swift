import Formats
import Imaging

/// Labeled images that can be read in any order.
public protocol ImageDataset: Sendable {
  /// The names of the classes; labels index them.
  var classNames: [String] { get }

  /// The number of images.
  var count: Int { get }

  /// The size of the views that a network sees unless the user says otherwise: that of the images, where they have one size.
  var viewSize: ImageSize { get }

  /// What a network's input is freed of.
  var normalization: ChannelNormalization { get }

  /// The class of one image.
  func label(at index: Int) -> Int

  /// One image. Callable from any thread.
  func image(at index: Int) throws(FileError) -> RGBImage
}

/// Which part of a dataset.
public enum DatasetSplit: String, Sendable, CaseIterable {
  /// To train on.
  case train
  /// To test on.
  case test
}
