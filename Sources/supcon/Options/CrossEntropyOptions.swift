import ArgumentParser

/// The options of a classifier on the representations, and of the initial encoder.
struct CrossEntropyOptions: OptionArguments {
  @Option("contrastive-weight") var contrastiveWeight: String?
  @Option("cross-entropy-weight") var crossEntropyWeight: String?
  @Flag("stop-gradient") var stopGradient: Bool?
  @Option("label-smoothing") var labelSmoothing: String?
  @Option("init") var `init`: String?
}
