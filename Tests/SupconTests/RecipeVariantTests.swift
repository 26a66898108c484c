import Testing

/// Encoders, heads, optimizers and schedules as options: exact on any ranks and over a stop, and their weights where
/// they belong.
struct RecipeVariantTests {
  @Test(arguments: [
    ["--optimizer", "lars", "--learning-rate", "10", "--nesterov", "--schedule", "constant", "--head-batch-norm"],
    ["--optimizer", "rmsprop", "--epsilon", "0.001", "--schedule", "step", "--decay-epochs", "1", "--head", "none"],
    ["--optimizer", "adam", "--schedule", "exponential", "--epochs-per-decay", "0.5", "--scale-learning-rate"],
    [
      "--optimizer", "adamw", "--weight-decay-exclude", "bias-and-norm", "--normalize-encoder", "--shortcut", "B",
      "--stem", "imagenet", "--head-widths", "48,32,128", "--head-batch-norm", "--zero-init-last-scale",
    ],
  ])
  func stoppedRunEndsInTheSameBits(options: [String]) throws {
    let workshop = try Workshop()
    let configuration = Workshop.configuration + ["--image-size", "16"] + options
    let expected = try workshop.weights("undisturbed", configuration: configuration, ["--steps", "9"])
    // A gigabyte keeps all activations; none makes every shard run forward twice.
    let memory = ["--activation-memory", "0"]
    try succeeding(workshop.pretrain("stopped", ranks: 2, configuration: configuration, ["--steps", "4"] + memory))
    let stopped = try workshop.weights(of: "stopped")
    #expect(stopped != expected)
    let found = try workshop.resumedWeights("stopped", ranks: 3, ["--steps", "9"])
    #expect(found == expected)
  }

  @Test func checkpointHoldsWhatTheOptimizerRemembers() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("adam", ["--optimizer", "adam", "--steps", "1"]))
    let configuration = try workshop.text("adam/config.yaml")
    #expect(configuration.contains("stem: cifar"), "auto, resolved")
    let checkpoint = try WeightsFile(path: workshop.path("adam/checkpoints/step-00000001.safetensors"))
    for name in [
      "encoder.conv1.weight", "optimizer.firstMoment.encoder.conv1.weight", "optimizer.secondMoment.head.2.bias",
    ] {
      #expect(checkpoint.tensors[name] != nil, "\(name)")
    }
  }

  /// The probe's file has the mean and 1 ÷ standard deviation of each feature: of unit vectors, the squares of means
  /// and deviations sum to 1.
  @Test func linearStageFollowsANormalizedEncoder() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.pretrain(
        "run",
        ["--normalize-encoder", "--head", "none", "--width-multiplier", "2", "--steps", "2", "--image-size", "16"]))
    try succeeding(workshop.run(["linear", "--run", workshop.path("run"), "--batch-size", "32", "--epochs", "1"]))
    let classifier = try WeightsFile(path: workshop.path("run/linear/classifier.safetensors"))
    let means = floats(classifier.tensors["standardization.mean"])
    let factors = floats(classifier.tensors["standardization.factor"])
    let count = try workshop.summary("run", stage: "linear").number("train_samples")
    #expect(means.count == 2 * 64 && factors.count == means.count)
    let squaredLength = zip(means, factors).reduce(0.0) { sum, feature in
      // The deviation is that of a sample; of a constant feature it is 0, and so is the factor.
      let variance = feature.1 > 0 ? (count - 1) / count / (feature.1 * feature.1) : 0
      return sum + feature.0 * feature.0 + variance
    }
    #expect(abs(squaredLength - 1) < 1e-4, "\(squaredLength)")
  }
}
