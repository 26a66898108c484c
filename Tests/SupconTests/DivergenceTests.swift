import Foundation
import Testing

/// Training that runs into numbers that are not finite.
struct DivergenceTests {
  @Test(arguments: ["shard", "global"])
  func endsPromptlyNamingRankAndStep(batchNorm: String) throws {
    let workshop = try Workshop()
    let start = Date()
    let result = try workshop.pretrain(
      "run", ranks: 2,
      ["--steps", "1000", "--learning-rate", "1e30", "--checkpoint-steps", "1", "--batch-norm", batchNorm])
    let seconds = Date().timeIntervalSince(start)
    expectRefusal(result, 70, naming: ["step 2: ", "rank 0", "not finite", "lower --learning-rate"])
    #expect(seconds < 30)
    #expect(try workshop.checkpoints("run") == ["step-00000001.safetensors"])
    #expect(try workshop.summary("run").text("status") == "diverged")
  }

  @Test func `weights that overflow are found by --check-numerics, and the summary says so`() throws {
    let workshop = try Workshop()
    let result = try workshop.pretrain(
      "run", ranks: 2,
      ["--steps", "3", "--learning-rate", "3e38", "--warmup-epochs", "0", "--temperature", "0.01", "--check-numerics"])
    expectRefusal(result, 70, naming: ["step 1: the weights of", "not finite"])
    #expect(try workshop.summary("run").text("status") == "diverged")
  }

  /// The weights of the last step are finite, but not what the encoder makes of images with them.
  @Test func `an encoder that diverged in the last step is refused by the stages, on any ranks`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--learning-rate", "1e38", "--warmup-epochs", "0"]))
    for stage in ["linear", "evaluate", "report"] {
      for ranks in stage == "report" ? [1] : [1, 2] {
        let result = try workshop.run(ranks: ranks, [stage, workshop.path("run")])
        expectRefusal(result, 70, naming: ["representation of sample 0 is not finite", "--learning-rate"])
      }
    }
    let classified = try workshop.pretrain(
      "classified",
      ["--steps", "1", "--learning-rate", "1e38", "--warmup-epochs", "0", "--cross-entropy-weight", "1"])
    expectRefusal(classified, 70, naming: ["not finite"])
    #expect(try workshop.summary("classified").text("status") == "diverged")
  }
}
