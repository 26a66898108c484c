import Testing

/// Ranks and threads decide who computes, never what is computed: one hash for all (docs/design.md I1, I2, I6).
struct ExactnessTests {
  /// 8 shards a step, of images of a quarter of the pixels.
  private static let small = Workshop.configuration + ["--image-size", "16"]

  /// The weights of three plain steps, which no recipe of its own may have.
  private static let plain = Result {
    try Workshop().weights("plain", configuration: small, ["--steps", "3"])
  }

  // `auto` is bfloat16 where the CPU has it.
  @Test(arguments: ["float32", "auto"])
  func weightsAreTheSameOnAnyNumberOfRanksAndThreads(precision: String) throws {
    let workshop = try Workshop()
    // Half of the usual shards, for half of the time.
    let steps = ["--steps", "5", "--precision", precision, "--batch-size", "16", "--shard-size", "2"]
    let expected = try workshop.weights("alone", steps)
    for ranks in 2...4 {
      let found = try workshop.weights("ranks-\(ranks)", ranks: ranks, steps)
      #expect(found == expected, "\(ranks) ranks")
    }
    for ranks in 1...2 {
      let found = try workshop.weights("threads-\(ranks)", ranks: ranks, steps + ["--threads", "2"])
      #expect(found == expected, "\(ranks) ranks of 2 threads")
    }

    // The control; that of the order of additions is in mpi-checks.
    let seeded = try workshop.weights("seed", steps + ["--seed", "1"])
    #expect(seeded != expected, "another seed")
  }

  // Without memory for activations all but a thread's last shard run forward twice.
  @Test(arguments: ["float32", "auto"])
  func activationMemoryChangesNoBit(precision: String) throws {
    let workshop = try Workshop()
    // A shard of 4 small views takes more than 1 MB, all of them more than 2 MB.
    let small = ["--precision", precision, "--batch-size", "16", "--shard-size", "2", "--image-size", "16"]
    let steps = ["--steps", "4"] + small
    let expected = try workshop.weights("kept", steps + ["--activation-memory", "1GB"])
    for (name, ranks, options) in [
      ("none", 1, ["--activation-memory", "0"]), ("threads", 2, ["--activation-memory", "0", "--threads", "2"]),
      ("some", 1, ["--activation-memory", "2MB"]),
    ] {
      let found = try workshop.weights(name, ranks: ranks, steps + options)
      #expect(found == expected, "\(name)")
    }
    // A resumed run may have another budget.
    try succeeding(
      workshop.pretrain("resumed", ["--steps", "2", "--activation-memory", "0"] + small))
    let resumed = try workshop.resumedWeights("resumed", ["--steps", "4", "--activation-memory", "1GB"])
    #expect(resumed == expected)
  }

  // Large enough an encoder for several pieces.
  @Test func gradientsThatCrossDuringTheBackwardPassChangeNoBit() throws {
    let workshop = try Workshop()
    let options = [
      "--model", "resnet18", "--batch-size", "12", "--shard-size", "2", "--steps", "2", "--image-size", "16",
    ]
    let configuration = Workshop.configuration + options
    let expected = try workshop.weights("after", configuration: configuration, ["--overlap", "off"])
    for (name, ranks, more) in [
      ("one", 1, []), ("two", 2, ["--threads", "2"]), ("three", 3, ["--activation-memory", "0"]),
    ] {
      let found = try workshop.weights(name, ranks: ranks, configuration: configuration, ["--overlap", "on"] + more)
      #expect(found == expected, "\(name)")
    }
  }

  @Test(arguments: [
    ["--loss", "simclr"], ["--views", "3"], ["--head", "linear"], ["--nesterov"],
    ["--shard-size", "8", "--augmentation", "crop-flip"], ["--loss-scale", "tau"],
    ["--sampler", "balanced", "--classes-per-batch", "4"], ["--sampler", "fixed-labels"],
    ["--gather-precision", "bfloat16"],
  ])
  func everyRecipeIsRankFreeOverAStop(_ options: [String]) throws {
    let workshop = try Workshop()
    let configuration = Self.small + options
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "3"])
    try succeeding(workshop.pretrain("divided", ranks: 3, configuration: configuration, ["--steps", "2"]))
    let divided = try workshop.resumedWeights("divided", ranks: 2, ["--steps", "3"])
    #expect(alone == divided)
    #expect(alone != (try Self.plain.get()), "the option has an effect")
  }

  // 200 samples: 3 batches of 16 shards and one of 2, in which some of 4 ranks own nothing; groups of 2 shards cross
  // the bounds of 3 ranks.
  @Test(arguments: [
    (batchNorm: "global", last: "keep"), (batchNorm: "shards:2", last: "drop"),
  ])
  func sharedStatisticsAreRankFree(batchNorm: String, last: String) throws {
    let workshop = try Workshop()
    let plain = [
      "--batch-size", "64", "--shard-size", "4", "--epochs", "3", "--evaluate-epochs", "0", "--image-size", "16",
      "--head-batch-norm", "--last-batch", last,
    ]
    let configuration = plain + ["--batch-norm", batchNorm]
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "5"])
    for (name, ranks, more) in [
      ("threads", 2, ["--threads", "2", "--activation-memory", "0"]), ("three", 3, []),
      ("four", 4, ["--activation-memory", "4MB"]),
    ] {
      let found = try workshop.weights(name, ranks: ranks, configuration: configuration, ["--steps", "5"] + more)
      #expect(found == alone, "\(name)")
    }
    try succeeding(workshop.pretrain("resumed", ranks: 3, configuration: configuration, ["--steps", "2"]))
    let resumed = try workshop.resumedWeights("resumed", ["--steps", "5", "--activation-memory", "0"])
    #expect(resumed == alone)
    #expect(try workshop.weights("shard", configuration: plain, ["--steps", "5"]) != alone, "the option has an effect")
  }

  /// Loss and length of the gradient in the first step, of 16 samples.
  private func firstStep(_ workshop: Workshop, _ name: String, _ options: [String]) throws
    -> (loss: Double, gradient: Double)
  {
    let small = ["--batch-size", "16", "--evaluate-epochs", "0", "--image-size", "16", "--precision", "float32"]
    try succeeding(workshop.pretrain(name, configuration: small, ["--steps", "1"] + options))
    let summary = try workshop.summary(name)
    return (try summary.number("final_loss"), try summary.number("final_gradient_norm"))
  }

  // Shards of 4 samples that share statistics are one shard of 16; with statistics of their own the gradient is several
  // percent longer or shorter.
  @Test func sharedStatisticsAreThoseOfOneShard() throws {
    let workshop = try Workshop()
    let whole = try firstStep(workshop, "whole", ["--shard-size", "16"])
    let shared = try firstStep(workshop, "shared", ["--shard-size", "4", "--batch-norm", "global"])
    let own = try firstStep(workshop, "own", ["--shard-size", "4"])
    #expect(abs(shared.loss / whole.loss - 1) < 1e-6)
    #expect(abs(shared.gradient / whole.gradient - 1) < 1e-5)
    #expect(abs(own.gradient / whole.gradient - 1) > 1e-2)
  }

  // Four shards of 4 samples in groups of two are two shards of 8, also for the running statistics, whose variance is
  // that of n − 1 pixels of a group.
  @Test func statisticsOfGroupsAreThoseOfLargerShards() throws {
    let workshop = try Workshop()
    let halves = try firstStep(workshop, "halves", ["--shard-size", "8"])
    let groups = try firstStep(workshop, "groups", ["--shard-size", "4", "--batch-norm", "shards:2"])
    #expect(abs(groups.loss / halves.loss - 1) < 1e-5)
    #expect(abs(groups.gradient / halves.gradient - 1) < 1e-4)
    for (name, options) in [("own", []), ("global", ["--batch-norm", "global"])] {
      let other = try firstStep(workshop, name, ["--shard-size", "4"] + options)
      let differences = (abs(other.loss / halves.loss - 1), abs(other.gradient / halves.gradient - 1))
      #expect(differences.0 > 1e-4 || differences.1 > 1e-3, "\(name): \(other), \(halves)")
    }
    let files = try ["halves", "groups"].map { run in
      try WeightsFile(path: workshop.path("\(run)/checkpoints/step-00000001.safetensors"))
    }
    for name in ["encoder.bn1.running_mean", "encoder.bn1.running_var", "encoder.layer3.2.bn2.running_var"] {
      let (expected, found) = (floats(files[0].tensors[name]), floats(files[1].tensors[name]))
      try #require(!expected.isEmpty && found.count == expected.count)
      let difference = zip(expected, found).map { one, other in abs(one - other) }.max()
      #expect((difference ?? 1) < 1e-5, "\(name)")
    }
  }

  // 200 samples in shards of 4: batches of 16 shards and one of 2, in which some ranks own nothing.
  @Test(arguments: ["shard", "global"])
  func shardsOfAnyRankChangeNoBit(batchNorm: String) throws {
    let workshop = try Workshop()
    let configuration = [
      "--batch-size", "64", "--shard-size", "4", "--epochs", "3", "--evaluate-epochs", "0", "--image-size", "16",
      "--last-batch", "keep", "--batch-norm", batchNorm,
    ]
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "5"])
    for (ranks, weights, more) in [
      (2, "3,1", ["--threads", "2"]), (3, "1,7,2", ["--activation-memory", "0"]), (4, "1,1,1,90", []), (2, "even", []),
    ] {
      let found = try workshop.weights(
        "weights-\(weights)", ranks: ranks, configuration: configuration,
        ["--steps", "5", "--balance", weights] + more)
      #expect(found == alone, "\(weights)")
    }
    try succeeding(
      workshop.pretrain("resumed", ranks: 3, configuration: configuration, ["--steps", "2", "--balance", "1,1,3"]))
    // Weights of three ranks are none of one.
    expectRefusal(
      try workshop.run(["pretrain", "--resume", "--output", workshop.path("resumed"), "--steps", "5"]), 64,
      naming: ["--balance: 3 numbers for 1 rank", "--balance auto"])
    #expect(try workshop.resumedWeights("resumed", ["--steps", "5", "--balance", "even"]) == alone)
  }

  // Long enough for the measured steps, whatever they find on a machine with other work.
  @Test func measuredSharesChangeNoBit() throws {
    let workshop = try Workshop()
    let configuration = Self.small + ["--epochs", "8", "--evaluate-epochs", "0"]
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "14"])
    let found = try workshop.weights(
      "auto", ranks: 3, configuration: configuration, ["--steps", "14", "--balance", "auto"])
    #expect(found == alone)
  }

  @Test func groupsThatDoNotDivideAnEpochsLastBatchAreRefused() throws {
    let workshop = try Workshop()
    let result = try workshop.pretrain(
      "run",
      configuration: ["--batch-size", "64", "--shard-size", "4", "--last-batch", "keep", "--batch-norm", "shards:4"], []
    )
    expectRefusal(result, 64, naming: ["--batch-norm shards:4", "last batch of 8 samples", "K can be 1, 2"])
  }

  // 200 samples: 6 batches of 8 shards and one of 2, in which some of 3 ranks own nothing.
  @Test func lastPartialBatchIsRankFree() throws {
    let workshop = try Workshop()
    let options = ["--last-batch", "keep", "--steps", "9", "--image-size", "16"]
    let alone = try workshop.weights("alone", options)
    for (name, ranks, more) in [
      ("three", 3, []), ("four", 4, ["--activation-memory", "0"]), ("threads", 2, ["--threads", "2"]),
      ("ahead", 1, ["--loader-threads", "2"]),
    ] {
      let found = try workshop.weights(name, ranks: ranks, options + more)
      #expect(found == alone, "\(name)")
    }
    #expect(try workshop.weights("dropped", ["--steps", "9", "--image-size", "16"]) != alone)
  }
}
