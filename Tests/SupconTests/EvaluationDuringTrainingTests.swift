import Foundation
import TestSupport
import Testing

/// `--evaluate-epochs`, `--keep-best` and the output of a run.
struct EvaluationDuringTrainingTests {
  /// Four steps an epoch.
  private static let options = ["--validation-fraction", "0.25", "--evaluate-epochs", "1", "--keep-best", "knn"]

  private func evaluations(_ workshop: Workshop, _ run: String) throws -> [JSONFields] {
    try JSONFields.lines(path: workshop.path("\(run)/metrics.jsonl")).filter { line in
      line.values["kind"] == .text("evaluation")
    }
  }

  @Test func `measures are the same on any ranks, and weights the same as without`() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("plain", ["--validation-fraction", "0.25"])
    #expect(try evaluations(workshop, "plain").isEmpty)
    #expect(try workshop.weights("alone", Self.options) == expected)
    #expect(try workshop.weights("ranks", ranks: 3, Self.options + ["--threads", "2"]) == expected)
    let (alone, ranks) = (try evaluations(workshop, "alone"), try evaluations(workshop, "ranks"))
    #expect(alone.count == 3 && ranks.count == 3)
    for (one, other) in zip(alone, ranks) {
      for name in one.values.keys where name != "seconds" && name != "time" {
        #expect(one.values[name] == other.values[name], "\(name)")
      }
      #expect(one.values["queries"] == .text("validation"))
      #expect(try abs(one.number("query_samples") - Double(SyntheticCIFAR.trainingCount / 4)) <= 5)
      for name in ["knn20_weighted_top1", "knn200_weighted_top1", "class_means_top1", "linear_probe_top1"] {
        #expect(try (0...1).contains(one.number(name)), "\(name)")
      }
    }
    // Colors tell the classes apart: a tenth is chance.
    #expect(try alone[2].number("linear_probe_top1") > 0.3)

    let values = try alone.map { line in try line.number("knn20_weighted_top1") }
    let best = try #require(values.firstIndex(of: values.max() ?? 0))
    let file = try WeightsFile(path: workshop.path("alone/checkpoints/best"))
    #expect(file.metadata["step"] == "\(4 * (best + 1))" && file.metadata["best_measure"] == "knn")
    let summary = try workshop.text("alone/summary.json")
    #expect(summary.contains("\"measure\" : \"knn\""))
  }

  @Test func `averaged weights are evaluated beside the raw ones, the same on any ranks`() throws {
    let workshop = try Workshop()
    let options = ["--validation-fraction", "0.25", "--evaluate-epochs", "1", "--steps", "4", "--image-size", "16"]
    // An average with a factor of 0 is the weights themselves, but for the rounding of ā + (w − ā): one of 50 queries
    // may change.
    try succeeding(workshop.pretrain("same", options + ["--weight-average", "0"]))
    let same = try evaluations(workshop, "same")[0]
    let names = [
      "knn20_weighted_top1", "knn200_weighted_top1", "class_means_top1", "linear_probe_top1", "alignment", "uniformity",
    ]
    for name in names {
      #expect(try abs(same.number("average_\(name)") - same.number(name)) < 0.021, "\(name)")
    }
    let output = try succeeding(workshop.pretrain("alone", options + ["--weight-average", "0.9"])).standardOutput
    try succeeding(workshop.pretrain("ranks", ranks: 3, options + ["--weight-average", "0.9", "--threads", "2"]))
    let (alone, ranks) = (try evaluations(workshop, "alone")[0], try evaluations(workshop, "ranks")[0])
    for name in names {
      #expect(alone.values[name] == same.values[name], "\(name)")
      #expect(ranks.values["average_\(name)"] == alone.values["average_\(name)"], "\(name)")
    }
    #expect(alone.values["average_uniformity"] != alone.values["uniformity"])
    #expect(output.contains("; averaged weights k-NN "))
  }

  @Test func `a resumed run keeps the best of all its parts`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", Self.options + ["--steps", "6"]))
    let best = try WeightsFile(path: workshop.path("run/checkpoints/best"))
    #expect(best.metadata["step"] == "4")
    let value = try evaluations(workshop, "run")[0].number("knn20_weighted_top1")
    try succeeding(workshop.resume("run", ["--steps", "12"]))
    let values = try evaluations(workshop, "run").map { line in try line.number("knn20_weighted_top1") }
    #expect(values.count == 3 && values[0] == value)
    let expected = try #require(values.firstIndex(of: values.max() ?? 0))
    let kept = try WeightsFile(path: workshop.path("run/checkpoints/best"))
    #expect(kept.metadata["step"] == "\(4 * (expected + 1))")
  }

  /// Three steps an epoch, and evaluations after steps 6 and 12.
  private static let onFolder = [
    "--model", "resnet8", "--image-size", "16", "--batch-size", "16", "--shard-size", "4", "--epochs", "4",
    "--evaluate-epochs", "2",
  ]

  private func train(_ workshop: Workshop, _ command: String, _ options: [String], run: String = "run") throws {
    if !FileManager.default.fileExists(atPath: workshop.path("mixed")) {
      try MixedFolder.write(to: workshop.path("mixed"))
    }
    let arguments = [
      command, "--dataset", "folder", "--data", workshop.path("mixed"), "--output", workshop.path(run),
    ]
    try succeeding(workshop.run(arguments + Self.onFolder + options))
  }

  /// Damages a validation image; returns its path and its former bytes.
  private func damageImage(_ workshop: Workshop) throws -> (path: String, bytes: Data) {
    let path = workshop.path("mixed/val/apple/0.png")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try Data("no image".utf8).write(to: URL(fileURLWithPath: path))
    return (path, bytes)
  }

  @Test(arguments: [("pretrain", 1), ("supervised", 2)])
  func `a validation image that cannot be read any more costs no training`(command: String, ranks: Int) throws {
    let workshop = try Workshop()
    // No checkpoint is due before the end.
    try train(workshop, command, ["--steps", "3", "--checkpoint-steps", "100"])
    let (image, bytes) = try damageImage(workshop)
    let resume = [command, "--resume", "--output", workshop.path("run"), "--steps", "12"]
    expectRefusal(
      try workshop.run(ranks: ranks, resume), 65,
      naming: ["step 6: not measured: ", image, "saved", "supcon \(command) --resume --output \(workshop.path("run"))"])
    #expect(try workshop.checkpoints("run").last == "step-00000006.safetensors")
    #expect(try workshop.summary("run").text("status") == "stopped")
    // The measure that failed comes first, and no step is taken before it.
    expectRefusal(
      try workshop.run(ranks: ranks, resume), 65,
      naming: ["step 6: not measured: ", image, "and continue with supcon \(command) --resume"])
    #expect(try workshop.checkpoints("run").last == "step-00000006.safetensors")
    try bytes.write(to: URL(fileURLWithPath: image))
    try succeeding(workshop.run(ranks: ranks, resume))
    #expect(try evaluations(workshop, "run").map { line in try line.number("step") } == [6, 12])
    #expect(try workshop.summary("run").text("status") == "finished")
    try train(workshop, command, ["--steps", "12"], run: "whole")
    #expect(try workshop.weights(of: "run") == workshop.weights(of: "whole"))
  }

  @Test(arguments: [("pretrain", 2), ("supervised", 1)])
  func `a measure that failed after the last step is made when the run is resumed`(
    command: String, ranks: Int
  ) throws {
    let workshop = try Workshop()
    try train(workshop, command, ["--steps", "3", "--keep-best", "knn"])
    let (image, bytes) = try damageImage(workshop)
    let resume = [command, "--resume", "--output", workshop.path("run"), "--steps", "6"]
    expectRefusal(
      try workshop.run(ranks: ranks, resume), 65,
      naming: ["step 6: not measured: ", image, "and measure it with supcon \(command) --resume"])
    let saved = try workshop.summary("run")
    #expect(try saved.text("status") == "finished")
    #expect(FileManager.default.fileExists(atPath: workshop.path("run/encoder.safetensors")))
    // It is not finished in silence, with the image as it is.
    expectRefusal(try workshop.run(ranks: ranks, resume), 65, naming: ["step 6: not measured: ", image])
    try bytes.write(to: URL(fileURLWithPath: image))
    let output = try succeeding(workshop.run(ranks: ranks, resume)).standardOutput
    #expect(output.contains("what was not measured after its last step is measured now"), "\(output)")
    #expect(try evaluations(workshop, "run").map { line in try line.number("step") } == [6])
    let summary = try workshop.summary("run")
    #expect(summary.values["evaluation"] != nil)
    if command == "supervised" {
      #expect(try summary.number("test_step") == 6)
    }
    // The training is as it was.
    for name in ["weights_sha256", "views_per_second", "seconds", "started", "ranks", "command_line", "status"] {
      #expect(summary.values[name] == saved.values[name], "\(name)")
    }
    #expect(try WeightsFile(path: workshop.path("run/checkpoints/best")).metadata["step"] == "6")
    #expect(try workshop.run(ranks: ranks, resume).standardOutput.contains("nothing was done"))
  }

  @Test func `validation images that vanish are missed, and not taken for none`() throws {
    let workshop = try Workshop()
    try train(workshop, "pretrain", ["--steps", "6", "--keep-best", "knn"])
    try FileManager.default.moveItem(atPath: workshop.path("mixed/val"), toPath: workshop.path("away"))
    // Before the run goes on: it evaluates on other images, which a quiet run says too.
    let resume = ["pretrain", "--resume", "--output", workshop.path("run")]
    let changed = try succeeding(workshop.run(ranks: 2, resume + ["--steps", "12", "--quiet"])).standardOutput
    let warning = "warning: evaluations classify training images from here on, validation images until now"
    #expect(changed.contains(warning) && changed.contains("--keep-best"), "\(changed)")
    try FileManager.default.moveItem(atPath: workshop.path("away"), toPath: workshop.path("mixed/val"))
    let back = try succeeding(workshop.run(resume + ["--extend-epochs", "6"])).standardOutput
    #expect(back.contains("warning: evaluations classify validation images from here on, training images"), "\(back)")
    // While it goes on.
    let long = ["--extend-epochs", "1000", "--evaluate-epochs", "300", "--checkpoint-steps", "20"]
    let job = BackgroundJob(try builtExecutable("supcon"), resume + long)
    try waitUntil { (try? workshop.checkpoints("run").last).map { $0 > "step-00000020" } ?? false }
    try FileManager.default.moveItem(atPath: workshop.path("mixed/val"), toPath: workshop.path("away"))
    expectRefusal(
      try job.result(), 66,
      naming: ["not measured", workshop.path("mixed/val"), "put the file back or mend it, and continue with"])
  }

  @Test func `a best checkpoint that cannot be written is tried again`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", Self.options + ["--steps", "4"]))
    // Nothing can be renamed onto a folder with files.
    let best = workshop.path("run/checkpoints/best")
    try FileManager.default.removeItem(atPath: best)
    try FileManager.default.createDirectory(atPath: "\(best)/files", withIntermediateDirectories: true)
    let result = try succeeding(workshop.resume("run", ["--steps", "12"]))
    let warnings = result.standardOutput.split(whereSeparator: \.isNewline).filter { line in
      line.hasPrefix("warning: the best checkpoint of step")
    }
    // That of step 4 when the run goes on, then those of steps 8 and 12.
    #expect(warnings.count == 3 && warnings.allSatisfy { line in line.contains("no best one is stored yet") })
    #expect(try !workshop.text("run/summary.json").contains("\"best\""))
    try FileManager.default.removeItem(atPath: best)
    try succeeding(workshop.resume("run", ["--extend-epochs", "4"]))
    let values = try evaluations(workshop, "run").map { line in try line.number("knn20_weighted_top1") }
    try #require(values.count == 4)
    #expect(try WeightsFile(path: best).metadata["step"] == (values[3] > values[2] ? "16" : "12"))
  }

  @Test(arguments: [1, 2])
  func `a best checkpoint that a kill prevented is written when the run is resumed`(ranks: Int) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", Self.options + ["--steps", "4"]))
    let path = workshop.path("run/checkpoints/best")
    let before = try WeightsFile(path: path).metadata
    // The evaluation is logged before the file is complete.
    try FileManager.default.removeItem(atPath: path)
    // No evaluation is due in this part.
    try succeeding(workshop.resume("run", ranks: ranks, ["--steps", "5"]))
    let after = try WeightsFile(path: path).metadata
    #expect(after["step"] == "4" && after["best_value"] == before["best_value"])
    #expect(try evaluations(workshop, "run").count == 1)
    #expect(try workshop.text("run/summary.json").contains("\"measure\" : \"knn\""))
  }

  @Test func `a quiet run prints nothing, a verbose one every logged step, and neither a status line`() throws {
    let workshop = try Workshop()
    let quiet = try succeeding(workshop.pretrain("quiet", ["--steps", "2", "--quiet"]))
    #expect(quiet.standardOutput.isEmpty && quiet.standardError.isEmpty)
    let verbose = try succeeding(workshop.pretrain("verbose", ["--steps", "4", "--log-steps", "1", "--verbose"]))
    let lines = verbose.standardOutput.split(separator: "\n")
    #expect(lines.count { line in line.hasPrefix("step ") } == 4)
    #expect(lines.count { line in line.hasPrefix("  gradient norm ") } == 4)
    #expect(!verbose.standardOutput.contains("\u{1B}") && !verbose.standardOutput.contains("\r"))
    try workshop.expectRefusal(["pretrain", "--quiet", "--verbose"], 64, naming: ["--quiet, --verbose"])
  }
}
