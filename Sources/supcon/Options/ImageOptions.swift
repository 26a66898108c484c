import ArgumentParser
import Configuration

/// The options that say which images a run sees and how large.
///
/// None has a default here: what is not given comes from the run that is resumed or from ``Configuration``.
struct ImageOptions: ParsableArguments {
  @Option(
    help:
      "Training data: shapes (built in), cifar10, cifar100, folder (JPEG and PNG files or a pack). (default: shapes)")
  var dataset: String?
  @Option(
    help: ArgumentHelp(
      "CIFAR's binary files; or DIR/train/CLASS/** and DIR/val|validation|test/CLASS/**, or DIR/CLASS/**, or a pack.",
      valueName: "dir"))
  var data: String?
  @Option(help: "Share of a folder's images to keep for validation where it has no tree of them.")
  var validationFraction: Double?
  @Option(help: "An image that cannot be used: stop, or skip it and say so. (default: stop)")
  var badImages: String?
  @Option(help: "JPEG images: full, or scaled, halved while they stay twice as large as views. (default: full)")
  var decode: String?
  @Option(
    help: ArgumentHelp(
      "Mean of a folder's images, 0 to 1; for imported weights that which they expect. (default: computed once)",
      valueName: "r,g,b"))
  var mean: String?
  @Option(help: ArgumentHelp("Their standard deviation. (default: computed once)", valueName: "r,g,b"))
  var std: String?
  @Option(help: ArgumentHelp("Height and width of views. (default: the dataset's own)", valueName: "pixels"))
  var imageSize: Int?

  /// Adds the options that were given.
  func set(_ overrides: inout ConfigurationOverrides) {
    overrides.set(dataset, for: "dataset")
    overrides.set(data, for: "data")
    overrides.set(validationFraction, for: "validation-fraction")
    overrides.set(badImages, for: "bad-images")
    overrides.set(decode, for: "decode")
    overrides.set(mean, for: "mean")
    overrides.set(std, for: "std")
    overrides.set(imageSize, for: "image-size")
  }
}
