import ImageCodecs
import Imaging

/// The dataset: its files, its split and its normalization.
package struct DataOptions: Sendable, Equatable {
  /// The datasets.
  package enum Dataset: String, CaseIterable, Sendable {
    /// Colored shapes, made by the program.
    case shapes
    /// The binary version of CIFAR-10.
    case cifar10
    /// The binary version of CIFAR-100.
    case cifar100
    /// A folder of JPEG and PNG files, or a pack.
    case folder
  }

  /// The treatment of an image that cannot be read.
  package enum BadImages: String, CaseIterable, Sendable {
    /// The run ends and names the file.
    case stop
    /// Another image takes its place.
    case skip
  }

  /// The size at which JPEG images are decoded.
  package enum Decoding: String, CaseIterable, Sendable {
    /// The size of the file.
    case full
    /// 1/2, 1/4 or 1/8 of it: the smallest that is still at least twice the size of the views in both directions.
    case scaled
  }

  /// The dataset.
  package var dataset = Dataset.shapes
  /// The folder of the dataset, or a pack; `nil` for the built-in set.
  package var path: String?
  /// The folder of the training images, relative to ``path`` or absolute; `nil` to find it by name and structure.
  package var trainFolder: String?
  /// The folder of the validation images, likewise; `none` for none.
  package var validationFolder: String?
  /// The folder of the test images, likewise; `none` for none.
  package var testFolder: String?
  /// The hash of a folder's file names, or of a pack, that the run was started with.
  package var fingerprint: String?
  /// The fraction of each class of a folder that is held out for validation; `nil` where there is a validation folder.
  package var validationFraction: Double?
  /// The treatment of an image that cannot be read.
  package var badImages = BadImages.stop
  /// The size at which JPEG images are decoded.
  package var decoding = Decoding.full
  /// The conversion of gray images of 16 bits; `nil` for clipping.
  package var sixteenBit: SixteenBit?
  /// The mean of red, green and blue, 0…1; `nil` for the dataset's own.
  package var mean: [Float]?
  /// Their standard deviation, above 0 and at most 1.
  package var standardDeviation: [Float]?
  /// The number of training images of the built-in set.
  package var shapesTrain = 6000
  /// The number of test images of the built-in set.
  package var shapesTest = 2000
  /// The height and width of views in pixels; `nil` for the dataset's own.
  package var imageSize: Int?

  /// The defaults.
  package init() {}

  /// The normalization that the options give, or `nil`.
  package var normalization: ChannelNormalization? {
    guard let mean, let standardDeviation else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: standardDeviation)
  }
}
