import Formats
import ImageCodecs
import Imaging

/// A dataset of images with class labels, in random access.
package protocol ImageDataset: Sendable {
  /// The names of the classes, indexed by label.
  var classNames: [String] { get }

  /// True if there are at least two classes. Otherwise only losses that need no labels (SimCLR) can be trained.
  var hasLabels: Bool { get }

  /// The number of images.
  var count: Int { get }

  /// The default height and width of views, such as the images' size if it is the same for all.
  var viewSize: ImageSize { get }

  /// Per-channel mean and standard deviation that standardize the network's input.
  var normalization: ChannelNormalization { get }

  /// Returns the class index of one image.
  func label(at index: Int) -> Int

  /// Reads one image. Callable from any thread.
  func image(at index: Int) throws(FileError) -> RGBImage

  /// Returns the name of one image in lists and messages: its path relative to the dataset's root, or its index.
  func name(at index: Int) -> String

  /// Returns the bad files that were replaced by another file of their class since the last call.
  func takeReplaced() -> [BadFile]

  /// The image sizes and pixel sums stored with the images; `nil` if they can only be computed by decoding the images.
  var storedSurvey: ImageSurvey? { get }

  /// The number of bytes that ``verifyStorage(progress:)`` reads; 0 if the storage has no checksum.
  var verifiableByteCount: Int { get }

  /// Reads the whole storage and verifies its checksum, if it has one.
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
