import ImageCodecs
import Imaging

/// The options of the dataset: files, splits and normalization.
package struct DataOptions: Sendable, Equatable {
  /// The datasets that a run can be trained on.
  package enum Dataset: String, CaseIterable, Sendable {
    /// The built-in dataset of colored shapes, which needs no files.
    case shapes
    /// CIFAR-10, in the binary version of the original archive.
    case cifar10
    /// CIFAR-100, in the binary version of the original archive.
    case cifar100
    /// A folder of image files, or a pack (one file of decoded images).
    case folder
  }

  /// The action on an image file that cannot be decoded.
  package enum BadImages: String, CaseIterable, Sendable {
    /// The program ends with an error that names the file.
    case stop
    /// Another image of the same class is used in place of the undecodable one.
    case skip
  }

  /// The resolution at which JPEG images are decoded.
  package enum Decoding: String, CaseIterable, Sendable {
    /// JPEG images are decoded at full resolution.
    case full
    /// JPEG images are decoded at 1/2, 1/4 or 1/8 of full resolution: the smallest of these that is at least twice the
    /// size of the views, in height and width.
    case scaled
  }

  /// The dataset that the run is trained on.
  package var dataset = Dataset.shapes
  /// The folder or pack of the dataset; `nil` for the built-in dataset.
  package var path: String?
  /// The folder of the training images, relative to ``path`` or absolute; `nil` to find it by name and structure.
  package var trainFolder: String?
  /// The folder of the validation images, relative to ``path`` or absolute; `none` for no validation images.
  package var validationFolder: String?
  /// The folder of the test images, relative to ``path`` or absolute; `none` for no test images.
  package var testFolder: String?
  /// The paths of the folders that are given for single splits, which may lie outside ``path``.
  package var splitFolders: [String] {
    [trainFolder, validationFolder, testFolder].compactMap { folder in
      guard let folder, folder != "none" else { return nil }
      return folder.hasPrefix("/") ? folder : (path.map { path in "\(path)/\(folder)" } ?? folder)
    }
  }
  /// The SHA-256 of the folder's file names, or of the pack, when the run was started.
  package var fingerprint: String?
  /// The hashes of the sizes, times and bytes of the training images' files when the run was started; `nil` without
  /// files.
  package var contents: String?
  /// The fraction of each class of the training images that is held out for validation; `nil` where there is a
  /// validation folder.
  package var validationFraction: Double?
  /// The action on an image file that cannot be decoded.
  package var badImages = BadImages.stop
  /// The resolution at which JPEG images are decoded.
  package var decoding = Decoding.full
  /// The conversion of 16-bit gray images to 8 bits; `nil` to clip values above 255.
  package var sixteenBit: SixteenBit?
  /// The means of red, green and blue, in [0, 1], that are subtracted from inputs; `nil` for the dataset's values.
  package var mean: [Float]?
  /// The standard deviations of red, green and blue, in (0, 1], that divide the inputs; `nil` for the dataset's values.
  package var standardDeviation: [Float]?
  /// The number of training images of the built-in dataset.
  package var shapesTrain = 6000
  /// The number of test images of the built-in dataset.
  package var shapesTest = 2000
  /// The height and width of views in pixels; `nil` for the dataset's default.
  package var imageSize: Int?

  /// Creates the default options.
  package init() {}

  /// The normalization by ``mean`` and ``standardDeviation``; `nil` to use the dataset's default.
  package var normalization: ChannelNormalization? {
    guard let mean, let standardDeviation else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: standardDeviation)
  }
}

extension DataOptions {
  /// True if options name validation images: a fraction of the training images, or a folder.
  package var asksForValidation: Bool {
    validationFraction != nil || !(validationFolder.map { folder in folder == "none" } ?? true)
  }
}
