import Foundation
import TestSupport
import Testing

/// Averaged weights, named losses, prototypes, alternating flip, progressive sizes, mixed samples and a
/// teacher.
///
/// All are exact on any ranks and over a stop.
struct TrainingOptionTests {
  /// Epochs of 4 steps with views of 8, of 16 and of 32 pixels.
  private static let sizes = [
    "--batch-size", "48", "--shard-size", "4", "--epochs", "3", "--progressive-size", "8,16", "--progressive-epochs",
    "1,2", "--alternating-flip", "--weight-average", "0.9", "--evaluate-epochs", "0",
  ]

  @Test(arguments: [
    ["pretrain", "--loss", "epsilon-supinfonce", "--margin", "0.5", "--views", "3"],
    ["pretrain", "--prototypes", "--contrast-mode", "one", "--positives-cap", "2", "--gather-precision", "bfloat16"],
    ["supervised", "--mixup", "0.4", "--cutmix", "1", "--label-smoothing", "0.1", "--teacher", "TEACHER"],
  ])
  func `any ranks and a stop end in the same bits`(_ arguments: [String]) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("teacher", ["--cross-entropy-weight", "1", "--steps", "2"]))
    let options = arguments.map { word in word == "TEACHER" ? workshop.path("teacher") : word } + Self.sizes
    func fields(_ run: String) throws -> [JSONFields.Value?] {
      let summary = try workshop.summary(run)
      return ["weights_sha256", "average_weights_sha256", "final_loss", "average_test_top1", "loss_lower_bound"].map {
        name in summary.values[name]
      }
    }
    let train = ["--dataset", "cifar10", "--data", workshop.data, "--output"]
    try succeeding(workshop.run(options + ["--steps", "10"] + train + [workshop.path("alone")]))
    let expected = try fields("alone")
    #expect(expected[0] != nil && expected[1] != nil && expected[0] != expected[1])
    for ranks in 2...4 {
      // Two ranks stop inside the second size, and three continue.
      let more = ["--threads", "\(1 + ranks % 2)", "--steps", ranks == 2 ? "6" : "10"]
      try succeeding(workshop.run(ranks: ranks, options + more + train + [workshop.path("\(ranks)")]))
    }
    try succeeding(
      workshop.run(ranks: 3, [arguments[0], "--resume", "--output", workshop.path("2"), "--steps", "10"]))
    for run in ["2", "3", "4"] {
      #expect(try fields(run) == expected, "\(run)")
    }
  }

  /// ā ← d ā + (1 − d) w in float64 over the checkpoints of every step, also of the running statistics.
  @Test func `the average in a checkpoint is that of the formula, and the stages use it`() throws {
    let workshop = try Workshop()
    let run = workshop.path("run")
    try succeeding(
      workshop.pretrain(
        "run",
        [
          "--weight-average", "0.3", "--steps", "4", "--checkpoint-steps", "1", "--keep", "9", "--precision", "float32",
        ]))
    let checkpoints = try workshop.checkpoints("run").map { name in
      try WeightsFile(path: workshop.path("run/checkpoints/\(name)"))
    }
    #expect(checkpoints.count == 4)
    for name in ["encoder.conv1.weight", "encoder.bn1.running_var", "head.2.bias"] {
      var expected = floats(checkpoints[0].tensors["average." + name])
      for (step, checkpoint) in checkpoints.enumerated().dropFirst() {
        let decay = min(0.3, Double(1 + step) / Double(10 + step))
        expected = zip(expected, floats(checkpoint.tensors[name])).map { decay * $0 + (1 - decay) * $1 }
      }
      let found = floats(checkpoints[3].tensors["average." + name])
      let difference = zip(found, expected).map { first, second in abs(first - second) }.max()
      #expect((difference ?? 1) < 1e-6, "\(name)")
      #expect(found != floats(checkpoints[3].tensors[name]))
    }

    try succeeding(workshop.run(["linear", run, "--weights-of", "average", "--epochs", "1", "--batch-size", "32"]))
    try succeeding(workshop.run(["evaluate", run, "--weights-of", "average"]))
    let linear = try workshop.summary("run", stage: "linear-average")
    #expect(try linear.text("weights") == "average")
    #expect(try workshop.summary("run", stage: "evaluation-average").number("knn_top1") > 0)
    let summary = try workshop.summary("run")
    #expect(summary.values["average_linear_top1"] == linear.values["linear_top1"])
    #expect(summary.values["linear_top1"] == nil && summary.values["average_knn_top1"] != nil)
    try succeeding(
      workshop.run(["export", run, "--weights-of", "average", "--output", workshop.path("out.safetensors")]))
    let exported = try WeightsFile(path: workshop.path("out.safetensors"))
    let average = try WeightsFile(path: workshop.path("run/encoder-average.safetensors"))
    #expect(exported.tensors["conv1.weight"] == average.tensors["encoder.conv1.weight"])
    #expect(average.tensors["encoder.conv1.weight"] == checkpoints[3].tensors["average.encoder.conv1.weight"])
  }

  @Test func `a run without an average has none to evaluate`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    for stage in ["linear", "report"] {
      try workshop.expectRefusal(
        [stage, workshop.path("run"), "--weights-of", "average"], 66,
        naming: ["--weights-of average", "without --weight-average"])
    }
  }
}
