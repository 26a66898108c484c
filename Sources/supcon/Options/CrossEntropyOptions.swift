import ArgumentParser
import Configuration

/// The options of a classifier behind the encoder, and of what the encoder begins with.
///
/// None has a default here: what is not given comes from the run that is resumed or from the command's defaults.
struct CrossEntropyOptions: ParsableArguments {
  @Option(help: "Weight of the contrastive loss; 0 for supervised. (default: 1)")
  var contrastiveWeight: Double?
  @Option(help: "Weight of the cross-entropy of a classifier on the representations; 1 for supervised. (default: 0)")
  var crossEntropyWeight: Double?
  @Flag(inversion: .prefixedNo, help: "Let the encoder learn from the contrastive loss alone beside it. (default: no)")
  var stopGradient: Bool?
  @Option(help: "Share of each label that is spread over all classes, 0 to below 1. (default: 0)")
  var labelSmoothing: Double?
  @Option(help: "Epochs between tests of the classifier; 0: at the end alone. (default: 0)")
  var evaluateEpochs: Int?
  @Option(
    help: ArgumentHelp(
      "Begin with the encoder of a run directory, whose options of encoder and dataset hold unless --dataset is given, or of an encoder.safetensors. (default: random values)",
      valueName: "path"))
  var `init`: String?

  /// Adds the options that were given.
  func set(_ overrides: inout ConfigurationOverrides) {
    overrides.set(contrastiveWeight, for: "contrastive-weight")
    overrides.set(crossEntropyWeight, for: "cross-entropy-weight")
    overrides.set(stopGradient, for: "stop-gradient")
    overrides.set(labelSmoothing, for: "label-smoothing")
    overrides.set(evaluateEpochs, for: "evaluate-epochs")
    overrides.set(`init`, for: "init")
  }
}
