import Formats
import Imaging

/// Labelled pictures of one size that can be read in any order.
public protocol ImageDataset: Sendable {
  /// The names of the classes; labels index them.
  var classNames: [String] { get }

  /// The number of pictures.
  var count: Int { get }

  /// The number of columns of every picture in pixels.
  var imageWidth: Int { get }

  /// The number of rows of every picture in pixels.
  var imageHeight: Int { get }

  /// What a network's input is freed of.
  var normalization: ChannelNormalization { get }

  /// The class of one picture.
  func label(at index: Int) -> Int

  /// One picture. Callable from any thread.
  func image(at index: Int) throws(FileError) -> RGBImage
}

/// Which part of a dataset.
public enum DatasetSplit: String, Sendable {
  /// To train on.
  case train
  /// To test on.
  case test
}
