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
  func image(at index: Int) throws(DatasetError) -> RGBImage
}

/// Which part of a dataset.
public enum DatasetSplit: String, Sendable {
  /// To train on.
  case train
  /// To test on.
  case test
}

/// Something wrong with a dataset, in words for its user.
public struct DatasetError: Error, CustomStringConvertible, Equatable {
  /// What kind of wrong, for the exit code.
  public enum Kind: Sendable {
    /// A path that is not there.
    case missing
    /// Content that is not what it should be.
    case content
    /// A read that failed.
    case input
  }

  /// What kind.
  public let kind: Kind

  /// What, where, what was expected, what to do.
  public let description: String
}
