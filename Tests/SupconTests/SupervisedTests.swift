import Foundation
import TestSupport
import Testing

/// `supcon supervised` and the cross-entropy beside a contrastive loss.
struct SupervisedTests {
  /// Images of a quarter of the pixels.
  private static let small = ["--image-size", "16"]

  @Test(arguments: [
    ["supervised"],
    [
      "supervised", "--label-smoothing", "0.1", "--normalize-encoder", "--optimizer", "adam", "--learning-rate",
      "0.001",
    ],
    ["supervised", "--views", "2", "--precision", "float32", "--last-batch", "keep"],
    ["pretrain", "--cross-entropy-weight", "0.5"],
    ["pretrain", "--cross-entropy-weight", "0.5", "--contrastive-weight", "0.25", "--stop-gradient"],
    ["pretrain", "--cross-entropy-weight", "2", "--loss", "simclr", "--head", "none"],
  ])
  func anyRanksAndAStopEndInTheSameBits(_ arguments: [String]) throws {
    let workshop = try Workshop()
    try succeeding(workshop.train(arguments, "alone", Self.small + ["--steps", "8"]))
    let expected = try workshop.summary("alone")
    #expect(try expected.text("command") == arguments[0])
    #expect(try expected.number("final_loss") > expected.number("loss_lower_bound"))
    try succeeding(
      workshop.train(
        arguments, "ranks", ranks: 3, Self.small + ["--steps", "8", "--threads", "2", "--activation-memory", "0"]))
    try succeeding(workshop.train(arguments, "stopped", ranks: 2, Self.small + ["--steps", "5"]))
    let stopped = try workshop.weights(of: "stopped")
    try succeeding(
      workshop.run(ranks: 4, [arguments[0], "--resume", "--output", workshop.path("stopped"), "--steps", "8"]))
    for run in ["ranks", "stopped"] {
      let found = try workshop.summary(run)
      // The mean training accuracy is that of an epoch's steps since the last start.
      let names = ["weights_sha256", "final_loss", "test_top1", "test_top5"] + (run == "ranks" ? ["train_top1"] : [])
      for name in names {
        #expect(found.values[name] == expected.values[name], "\(run): \(name)")
      }
    }
    #expect(try workshop.weights(of: "alone") != stopped)
  }

  @Test func learnsAndHasALinearStage() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.train(
        ["supervised"], "run",
        ["--epochs", "12", "--evaluate-epochs", "4", "--augmentation", "none", "--shard-size", "32"] + Self.small))
    let run = try workshop.summary("run")
    let top1 = try run.number("test_top1")
    #expect(top1 > 0.3, "colors tell the classes apart: a tenth is chance")
    #expect(try run.number("test_top5") > top1)
    #expect(try run.number("top1_correct") == (top1 * Double(SyntheticCIFAR.testCount)).rounded())
    #expect(try run.text("loss") == "cross-entropy")
    #expect(try run.number("views") == 1)
    let lines = try JSONFields.lines(path: workshop.path("run/metrics.jsonl"))
    let tests = try lines.filter { line in line.values["test_top1"] != nil }.map { line in try line.number("step") }
    #expect(tests == [24, 48, 72])

    let classifier = try WeightsFile(path: workshop.path("run/classifier.safetensors"))
    #expect(classifier.tensors["fc.weight"]?.count == 10 * 64 * 4)
    #expect(classifier.tensors["fc.bias"]?.count == 10 * 4)
    let encoder = try WeightsFile(path: workshop.path("run/encoder.safetensors"))
    let others = encoder.tensors.keys.filter { name in !name.hasPrefix("encoder.") && !name.contains("sha256") }
    #expect(encoder.tensors["encoder.conv1.weight"] != nil && others.isEmpty, "\(others)")

    // The two-stage control: a new classifier on the frozen encoder.
    try succeeding(workshop.run(["linear", "--run", workshop.path("run"), "--batch-size", "32"]))
    let control = try workshop.summary("run")
    #expect(try control.number("linear_top1") > 0.3)
    #expect(control.values["test_top1"] == .number(top1))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
  }

  @Test func `the log says on which images the classifier was tested`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let sizes = ["--batch-size", "16", "--shard-size", "4", "--epochs", "1"]
    let folder = [
      "supervised", "--dataset", "folder", "--data", workshop.path("mixed"), "--model", "resnet8", "--output",
      workshop.path("folder"),
    ]
    let tuned = ["linear", workshop.path("folder"), "--finetune", "--output", workshop.path("tuned")]
    for arguments in [folder + Self.small, tuned] {
      let text = try succeeding(workshop.run(arguments + sizes)).standardOutput
      let line = text.split(separator: "\n").first { line in line.contains("  validation top-1 ") }
      #expect(line?.hasSuffix(" on \(MixedFolder.validationCount) samples") == true, "\(text)")
      #expect(!text.contains("test top-1"), "\(text)")
    }
    let cifar = try succeeding(workshop.train(["supervised"], "cifar", ["--steps", "1"] + Self.small)).standardOutput
    #expect(cifar.contains("  test top-1 ") && !cifar.contains("validation top-1"), "\(cifar)")
    for (run, split) in [("folder", "validation"), ("tuned", "validation"), ("cifar", "test")] {
      #expect(try workshop.summary(run).text("test_split") == split)
      let lines = try JSONFields.lines(path: workshop.path("\(run)/metrics.jsonl"))
      let tests = lines.filter { line in line.values["test_top1"] != nil }
      #expect(try Set(tests.map { test in try test.text("test_split") }) == [split])
    }
  }

  @Test func stoppedGradientLeavesTheEncoderToTheContrastiveLoss() throws {
    let workshop = try Workshop()
    let joint = ["--cross-entropy-weight", "0.5"]
    try succeeding(workshop.train(["pretrain"], "plain", Self.small + ["--steps", "6"]))
    try succeeding(workshop.train(["pretrain"], "stopped", Self.small + ["--steps", "6", "--stop-gradient"] + joint))
    try succeeding(workshop.train(["pretrain"], "joint", Self.small + ["--steps", "6"] + joint))
    let checkpoint = "checkpoints/step-00000006.safetensors"
    let runs = try ["plain", "stopped", "joint"].map { run in
      try WeightsFile(path: workshop.path("\(run)/\(checkpoint)"))
    }
    #expect(runs[1].weights == runs[0].weights)
    #expect(runs[2].weights != runs[0].weights)
    #expect(runs[1].tensors["fc.weight"] != nil && runs[0].tensors["fc.weight"] == nil)

    // The contrastive part stands beside the whole.
    let parts = try JSONFields.lines(path: workshop.path("stopped/metrics.jsonl")).first { line in
      line.values["contrastive_loss"] != nil
    }
    let line = try #require(parts)
    let plain = try #require(try JSONFields.lines(path: workshop.path("plain/metrics.jsonl")).first)
    #expect(abs(try line.number("contrastive_loss") - plain.number("loss")) < 1e-5)
    #expect(
      abs(try line.number("contrastive_loss") + line.number("cross_entropy") - line.number("loss")) < 1e-6)
  }

  @Test func encoderOfARunOrAFileIsTheBeginning() throws {
    let workshop = try Workshop()
    try succeeding(workshop.train(["pretrain"], "run", ["--steps", "3", "--width-multiplier", "2"]))
    let trained = try WeightsFile(path: workshop.path("run/encoder.safetensors"))
    let run = workshop.path("run")

    try succeeding(
      workshop.run(["supervised", "--init", run, "--steps", "0", "--batch-size", "32", "--output", workshop.path("0")]))
    let beginning = try WeightsFile(path: workshop.path("0/encoder.safetensors"))
    let name = "encoder.layer3.2.bn2.running_var"
    #expect(trained.tensors[name] != nil)
    #expect(trained.weights == beginning.weights, "weights and running statistics")
    #expect(try workshop.text("0/config.yaml").contains("dataset: cifar10"), "the run's")

    // The thin door, the same by the full name, and from the file.
    let configuration = ["--batch-size", "64", "--shard-size", "8", "--epochs", "1", "--learning-rate", "0.01"]
    try succeeding(
      workshop.run(
        ranks: 2, ["linear", "--run", run, "--finetune", "--output", workshop.path("door")] + configuration))
    let expected = try workshop.weights(of: "door")
    try succeeding(workshop.run(["supervised", "--init", run, "--output", workshop.path("run-of")] + configuration))
    try succeeding(
      workshop.run(
        [
          "supervised", "--init", workshop.path("run/encoder.safetensors"), "--output", workshop.path("file-of"),
          "--dataset", "cifar10", "--data", workshop.data, "--width-multiplier", "2",
        ] + configuration))
    #expect(try workshop.weights(of: "run-of") == expected)
    #expect(try workshop.weights(of: "file-of") == expected)
    #expect(try workshop.summary("door").number("test_samples") == Double(SyntheticCIFAR.testCount))

    // Another dataset, and a contrastive stage that goes on from an encoder.
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(
      workshop.run([
        "supervised", "--init", run, "--dataset", "folder", "--data", workshop.path("mixed"), "--epochs", "1",
        "--batch-size", "16", "--shard-size", "8", "--image-size", "16", "--output", workshop.path("folder"),
      ]))
    #expect(try workshop.summary("folder").number("classes") == Double(MixedFolder.classes.count + 1))
    try succeeding(workshop.train(["pretrain", "--init", run], "again", ["--steps", "1"]))

    for (options, parts) in [
      (["--model", "resnet18"], ["encoder.conv1.weight", "--model resnet18"]),
      (["--width-multiplier", "1"], ["expected F32 [16, 3, 3, 3]"]),
      (["--model", "resnet15"], ["--model resnet15"]),
    ] {
      let result = try workshop.run(
        ["supervised", "--init", run, "--batch-size", "32", "--output", workshop.path("no")] + options)
      expectRefusal(result, options[1] == "resnet15" ? 64 : 65, naming: parts)
    }
    try succeeding(workshop.train(["pretrain", "--model", "resnet32"], "deep", ["--steps", "0"]))
    let shallow = try workshop.run([
      "supervised", "--init", workshop.path("deep"), "--model", "resnet20", "--batch-size", "32", "--output",
      workshop.path("no"),
    ])
    expectRefusal(shallow, 65, naming: ["holds encoder.layer1.3.", "--model resnet20"])
    #expect(!FileManager.default.fileExists(atPath: workshop.path("no")))
  }

  @Test(arguments: [
    (["supervised", "--temperature", "0.5"], "--temperature"), (["supervised", "--head", "none"], "--head"),
    (["supervised", "--contrastive-weight", "1"], "supcon pretrain --cross-entropy-weight"),
    (["supervised", "--label-smoothing", "1"], "from 0 to below 1"),
    (["supervised", "--cross-entropy-weight", "0"], "no loss is left"),
    (["pretrain", "--contrastive-weight", "0", "--cross-entropy-weight", "1"], "supcon supervised"),
    (["pretrain", "--cross-entropy-weight=-1"], "at least 0"),
    (["pretrain", "--label-smoothing", "0.1"], "--cross-entropy-weight above 0"),
    (["pretrain", "--stop-gradient"], "both weights above 0"),
    (["linear", "--run", "run", "--output", "other"], "goes with --finetune"),
  ])
  func optionsThatMakeNoSense(_ arguments: [String], _ part: String) throws {
    try Workshop().expectRefusal(arguments, 64, naming: [part])
  }

  @Test func runOfAnotherCommandIsNotContinued() throws {
    let workshop = try Workshop()
    try succeeding(workshop.train(["supervised"], "run", ["--steps", "0"]))
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("run")], 78, naming: ["supcon supervised"])
  }

  @Test func testSetWithOtherClassesIsRefused() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let arguments = [
      "supervised", "--dataset", "folder", "--data", workshop.path("mixed"), "--batch-size", "16", "--shard-size", "4",
      "--epochs", "1", "--image-size", "16",
    ]
    // A class without test images is fine, one without training images is not.
    try succeeding(workshop.run(ranks: 2, arguments + ["--output", workshop.path("run")]))
    #expect(try workshop.summary("run").number("test_samples") == Double(MixedFolder.validationCount))
    try FileManager.default.createDirectory(
      atPath: workshop.path("mixed/val/zebra"), withIntermediateDirectories: true)
    try workshop.copy("mixed/val/apple/0.png", to: "mixed/val/zebra/0.png")
    try workshop.expectRefusal(
      arguments + ["--output", workshop.path("no")], 65, naming: ["zebra", workshop.path("mixed")])
  }
}

extension Workshop {
  /// Begins a run of a command with some options on the small dataset.
  fileprivate func train(_ arguments: [String], _ run: String, ranks: Int = 1, _ options: [String]) throws
    -> ProcessResult
  {
    try self.run(
      ranks: ranks,
      [arguments[0], "--dataset", "cifar10", "--data", data, "--output", path(run)]
        + (options.contains("--epochs") ? Array(Self.configuration.dropLast(2)) : Self.configuration)
        + arguments.dropFirst()
        + options)
  }
}
