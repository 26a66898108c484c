import Testing

/// Options reach the training: what they compute is tested where it is computed, and here that they are not forgotten
/// on the way, where the same weights on all ranks would be no less equal.
struct OptionEffectTests {
  /// Five steps of two and a half epochs.
  private static let small = [
    "--model", "resnet8", "--image-size", "16", "--batch-size", "96", "--shard-size", "8", "--epochs", "3",
    "--evaluate-epochs", "0", "--precision", "float32", "--steps", "5",
  ]

  /// The weights of the plain runs.
  private static let pretrained = Result { try Workshop().weights("plain", configuration: small, []) }
  private static let supervised = Result { try supervisedWeights([]) }

  private static func supervisedWeights(_ options: [String]) throws -> String {
    let workshop = try Workshop()
    let data = ["--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
    try succeeding(workshop.run(["supervised"] + data + small + options))
    return try workshop.weights(of: "run")
  }

  @Test(arguments: [
    "--zero-init-last-scale", "--normalize-encoder", "--loss sincere", "--loss supervised-dcl",
    "--loss epsilon-supinfonce --margin 0.5", "--summation in", "--contrast-mode one", "--denominator one-positive",
    "--denominator only-negatives", "--positives-cap 2", "--temperature 0.5", "--alternating-flip",
    "--progressive-size 8 --progressive-epochs 1", "--momentum 0.5", "--weight-decay 0.01",
    "--weight-decay-exclude bias-and-norm", "--warmup-epochs 0", "--schedule constant",
    "--schedule step --decay-epochs 1", "--schedule exponential --epochs-per-decay 1", "--scale-learning-rate",
  ])
  func `an option of pretraining has an effect`(options: String) throws {
    let words = options.split(separator: " ").map(String.init)
    let found = try Workshop().weights("run", configuration: Self.small, words)
    #expect(try found != Self.pretrained.get())
  }

  @Test(arguments: ["--label-smoothing 0.1", "--mixup 0.4", "--cutmix 1"])
  func `an option of the cross-entropy has an effect`(options: String) throws {
    let found = try Self.supervisedWeights(options.split(separator: " ").map(String.init))
    #expect(try found != Self.supervised.get())
  }

  /// Loss and length of the gradient in the first step.
  private func firstStep(_ workshop: Workshop, _ run: String, _ options: [String]) throws
    -> (loss: Double, gradient: Double)
  {
    let configuration = [
      "--model", "resnet8", "--image-size", "16", "--batch-size", "16", "--shard-size", "4", "--epochs", "3",
      "--evaluate-epochs", "0", "--precision", "float32", "--steps", "1",
    ]
    try succeeding(workshop.pretrain(run, configuration: configuration, options))
    let summary = try workshop.summary(run)
    return (try summary.number("final_loss"), try summary.number("final_gradient_norm"))
  }

  @Test func `factors of the loss multiply it and its gradient`() throws {
    let workshop = try Workshop()
    let plain = try firstStep(workshop, "plain", ["--temperature", "0.25"])
    try #require(plain.loss > 0.1 && plain.gradient > 0)
    let factors: [(options: [String], factor: Double)] = [
      (["--loss-scale", "tau"], 0.25), (["--loss-scale", "tau/0.07"], 0.25 / 0.07),
      (["--contrastive-weight", "0.5"], 0.5), (["--contrastive-weight", "2", "--loss-scale", "tau"], 0.5),
    ]
    for (index, (options, factor)) in factors.enumerated() {
      let found = try firstStep(workshop, "run\(index)", ["--temperature", "0.25"] + options)
      #expect(abs(found.loss / plain.loss / factor - 1) < 1e-5, "\(options): \(found), \(plain)")
      #expect(abs(found.gradient / plain.gradient / factor - 1) < 1e-5, "\(options): \(found), \(plain)")
    }
  }

  /// Without a head the embeddings are normalized representations, and those of unit length stay as they are.
  @Test func `the gradient passes through normalized representations`() throws {
    let workshop = try Workshop()
    let once = try firstStep(workshop, "once", ["--head", "none"])
    let twice = try firstStep(workshop, "twice", ["--head", "none", "--normalize-encoder"])
    #expect(abs(twice.loss / once.loss - 1) < 1e-5)
    #expect(abs(twice.gradient / once.gradient - 1) < 1e-3)
  }
}
