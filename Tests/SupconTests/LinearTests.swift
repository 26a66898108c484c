import Testing

/// `supcon linear`: exact on any number of ranks, and kept with the run.
struct LinearTests {
  private let options = ["--batch-size", "32", "--shard-size", "8", "--epochs", "5"]

  @Test func isTheSameOnAnyNumberOfRanks() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "4"]))
    let pretrained = try workshop.summary("run")
    var results: [[JSONFields.Value?]] = []
    for ranks in 1...4 {
      try succeeding(workshop.run(ranks: ranks, ["linear", "--run", workshop.path("run")] + options))
      let summary = try workshop.summary("run", stage: "linear")
      #expect(try summary.number("ranks") == Double(ranks), "a repeated stage replaces the earlier one")
      #expect(try summary.text("classifier_sha256").count == 64)
      results.append(
        ["classifier_sha256", "linear_top1", "linear_top5", "final_loss"].map { name in summary.values[name] })
    }
    #expect(results.allSatisfy { result in result == results[0] }, "\(results)")

    // The accuracies are counts of the whole test set, and the run's own summary has them beside all it had.
    let stage = try workshop.summary("run", stage: "linear")
    let (top1, top5) = (try stage.number("linear_top1"), try stage.number("linear_top5"))
    #expect(try stage.number("test_samples") == Double(SyntheticCIFAR.testCount))
    #expect(try stage.number("top1_correct") == (top1 * Double(SyntheticCIFAR.testCount)).rounded())
    #expect(0.1 < top1 && top1 <= top5 && top5 <= 1)
    var expected = pretrained.values
    expected["linear_top1"] = .number(top1)
    expected["linear_top5"] = .number(top5)
    #expect(try workshop.summary("run").values == expected)
    let lines = try JSONFields.lines(path: workshop.path("run/linear/metrics.jsonl"))
    #expect(try lines.map { line in try line.number("epoch") } == [1, 2, 3, 4, 5])
    #expect(try lines.allSatisfy { line in try line.text("kind") == "epoch" && line.text("time").hasSuffix("Z") })
    // The result names what it was made of.
    for field in ["weights_sha256", "host", "dataset", "data", "version"] {
      #expect(try stage.text(field) == pretrained.text(field), "\(field)")
    }
    #expect(stage.values["command_line"] != nil)
    #expect(try stage.text("started") <= stage.text("ended"))

    // Accuracies of earlier weights do not stand beside newer ones.
    try succeeding(workshop.resume("run", ["--steps", "5"]))
    let later = try workshop.summary("run")
    #expect(try later.number("steps") == 5)
    #expect(later.values["linear_top1"] == nil)
    #expect(later.values["linear_top5"] == nil)
  }

  /// The loss of the only step is that of the initial weights, and finite.
  @Test(arguments: [1, 2])
  func `a classifier that diverges in its last step is refused and not stored`(ranks: Int) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    let divergent = [
      "--epochs", "1", "--batch-size", "800", "--shard-size", "8", "--learning-rate", "3e38", "--weight-decay", "1e38",
    ]
    let result = try workshop.run(ranks: ranks, ["linear", "--run", workshop.path("run")] + divergent)
    expectRefusal(result, 70, naming: ["logits are not finite", "lower --learning-rate"])
    #expect(try workshop.summary("run").values["linear_top1"] == nil)
  }
}
