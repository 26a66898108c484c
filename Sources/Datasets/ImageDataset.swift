import Formats
import ImageCodecs
import Imaging

/// Images with class labels, in random access.
package protocol ImageDataset: Sendable {
  /// The names of the classes; labels index them.
  var classNames: [String] { get }

  /// True if there are at least two classes. Otherwise only losses without labels (SimCLR) can be trained.
  var hasLabels: Bool { get }

  /// The number of images.
  var count: Int { get }

  /// The default input size of the network: that of the images if they share one size.
  var viewSize: ImageSize { get }

  /// Per-channel mean and standard deviation that standardize the network's input.
  var normalization: ChannelNormalization { get }

  /// The class of one image.
  func label(at index: Int) -> Int

  /// One image. Callable from any thread.
  func image(at index: Int) throws(FileError) -> RGBImage

  /// The name of one image in lists and messages: its path below the dataset's root, or its number.
  func name(at index: Int) -> String

  /// The bad files that were replaced by another file of their class since the last call.
  func takeReplaced() -> [BadFile]

  /// The sizes and sums that are stored with the images; `nil` if the images must be decoded for them.
  var storedSurvey: ImageSurvey? { get }

  /// The bytes that ``verifyStorage(progress:)`` reads; 0 if the storage has no checksum.
  var verifiableByteCount: Int { get }

  /// Reads the whole storage and compares its checksum, where it has one.
  func verifyStorage(progress: (_ bytes: Int) -> Void) throws(FileError)
}

extension ImageDataset {
  package var hasLabels: Bool { classNames.count > 1 }
  package func name(at index: Int) -> String { "image \(index)" }
  package func takeReplaced() -> [BadFile] { [] }
  package var storedSurvey: ImageSurvey? { nil }
  package var verifiableByteCount: Int { 0 }
  package func verifyStorage(progress: (_ bytes: Int) -> Void) throws(FileError) {}
}
