import ArgumentParser

/// The options of a classifier on the representations.
struct CrossEntropyOptions: OptionArguments {
  @Option("contrastive-weight") var contrastiveWeight: String?
  @Option("cross-entropy-weight") var crossEntropyWeight: String?
  @Flag("stop-gradient") var stopGradient: Bool?
  @Option("label-smoothing") var labelSmoothing: String?
  @Option("teacher") var teacher: String?
  @Option("distillation-weight") var distillationWeight: String?
  @Option("distillation-temperature") var distillationTemperature: String?
}
