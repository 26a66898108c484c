import ArgumentParser
import Configuration

/// The options that say which contrastive loss it is.
///
/// None has a default here: what is not given comes from the run that is resumed or from ``Configuration``.
struct LossModeOptions: ParsableArguments {
  @Option(help: "Positives are summed out of the logarithm (the paper's equation 2) or in it (3). (default: out)")
  var summation: String?
  @Option(help: "Anchors: all views, or one, the first of each sample. (default: all)")
  var contrastMode: String?
  @Option(
    help:
      "Denominators: all other rows, one-positive (the numerator's) and the negatives, or only-negatives. (default: all)"
  )
  var denominator: String?
  @Option(
    help: ArgumentHelp(
      "At most so many positives besides the anchor's own views, a multiple of --views, of the samples that come first in the batch; none: no cap. (default: none)",
      valueName: "positives"))
  var positivesCap: String?
  @Option(help: "Factor of the loss: none, tau or tau/0.07. (default: none)")
  var lossScale: String?

  /// Adds the options that were given.
  func set(_ overrides: inout ConfigurationOverrides) {
    overrides.set(summation, for: "summation")
    overrides.set(contrastMode, for: "contrast-mode")
    overrides.set(denominator, for: "denominator")
    overrides.set(positivesCap, for: "positives-cap")
    overrides.set(lossScale, for: "loss-scale")
  }
}
