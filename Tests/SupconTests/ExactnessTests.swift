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
    ["--shard-size", "8", "--augmentation", "crop-flip", "--loss-scale", "tau"],
    ["--sampler", "balanced", "--classes-per-batch", "4"], ["--sampler", "fixed-labels"],
    ["--gather-precision", "bfloat16"],
  ])
  func everyRecipeIsRankFree(_ options: [String]) throws {
    let workshop = try Workshop()
    let configuration = Self.small + options
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "3"])
    let divided = try workshop.weights("divided", ranks: 3, configuration: configuration, ["--steps", "3"])
    #expect(alone == divided)
    #expect(alone != (try Self.plain.get()), "the option has an effect")
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
