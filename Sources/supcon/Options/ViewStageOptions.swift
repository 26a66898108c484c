import ArgumentParser

/// The options of views that change from epoch to epoch, or that mix samples.
struct ViewStageOptions: OptionArguments {
  @Flag("alternating-flip") var alternatingFlip: Bool?
  @Option("progressive-size") var progressiveSize: String?
  @Option("progressive-epochs") var progressiveEpochs: String?
  @Option("mixup") var mixup: String?
  @Option("cutmix") var cutmix: String?
}
