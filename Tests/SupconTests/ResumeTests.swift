import Foundation
import Testing

/// A run that was stopped and continued ends in the same bits as one that never was (docs/design.md I8).
struct ResumeTests {
  /// More than one epoch, which has 6 steps.
  private let undisturbed = ["--steps", "9", "--image-size", "16"]

  @Test func continuesOnOtherRanksAndThreadsAcrossAnEpoch() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("undisturbed", undisturbed)

    try succeeding(workshop.pretrain("stopped", ranks: 2, ["--steps", "4", "--image-size", "16"]))
    let stopped = try workshop.weights(of: "stopped")
    #expect(stopped != expected)
    try workshop.copy("stopped", to: "threads")

    let ranks = try workshop.resumedWeights("stopped", ranks: 3, undisturbed)
    #expect(ranks == expected)
    let threads = try workshop.resumedWeights("threads", undisturbed + ["--threads", "2"])
    #expect(threads == expected)
    // The lines of both invocations, none twice.
    let steps = try JSONFields.lines(path: workshop.path("stopped/metrics.jsonl"))
      .filter { line in line.values["seconds"] == nil }.map { line in try line.number("step") }
    #expect(steps == [4, 9])
  }

  @Test func continuesWhereTheRunWasKilled() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("undisturbed", undisturbed)
    // As a kill after step 5 leaves it: the configuration of the whole run, a checkpoint of step 5, no end, half a
    // file.
    try succeeding(workshop.pretrain("killed", ["--steps", "5", "--log-steps", "1", "--image-size", "16"]))
    try FileManager.default.removeItem(atPath: workshop.path("killed/encoder.safetensors"))
    let leftover = workshop.path("killed/checkpoints/step-00000006.safetensors.temporary")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: leftover))
    try workshop.change("killed/metrics.jsonl") { text in
      text.append(Data("{\"loss\":1,\"step\":6}\n{\"loss\":1,\"st".utf8))
    }

    let found = try workshop.resumedWeights("killed", ranks: 2, undisturbed)
    #expect(found == expected)
    #expect(!FileManager.default.fileExists(atPath: leftover))
    #expect(FileManager.default.fileExists(atPath: workshop.path("killed/encoder.safetensors")))
    let steps = try JSONFields.lines(path: workshop.path("killed/metrics.jsonl"))
      .filter { line in line.values["seconds"] == nil }.map { line in try line.number("step") }
    #expect(steps == (1...9).map(Double.init))
  }

  @Test func beginsFromTheStartWhereNoRunIs() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("empty"), withIntermediateDirectories: true)
    let result = try workshop.pretrain("empty", ranks: 2, ["--steps", "2", "--resume"])
    #expect(result.exitCode == 0)
    #expect(result.standardOutput.contains("beginning from the start"))
    let (found, expected) = (try workshop.weights(of: "empty"), try workshop.weights("plain", ["--steps", "2"]))
    #expect(found == expected)
  }

  @Test func `a run that began from a relative --init is resumed`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("first", ["--steps", "1"]))
    let run = ["pretrain", "--init", "first", "--steps", "1", "--output", "second"] + Workshop.configuration
    try succeeding(workshop.runInside(run))
    try succeeding(workshop.resume("second", ["--steps", "2"]))
    // The same command again, with the path as it was given, and in other words.
    for path in ["first", "./first/"] {
      let again = ["pretrain", "--resume", "--init", path, "--output", "second", "--steps", "3"]
      try succeeding(workshop.runInside(again + Workshop.configuration))
    }
  }

  @Test func `a finished run whose checkpoints are gone is not trained anew`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    try FileManager.default.removeItem(atPath: workshop.path("run/checkpoints"))
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("run")], 66, naming: ["checkpoints are gone", "--init"])
  }

  @Test func saysThatAFinishedRunIsFinished() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("finished", ["--steps", "2"]))
    let before = try FolderSnapshot(workshop.path("finished"))
    for ranks in [1, 3] {
      let result = try workshop.resume("finished", ranks: ranks, [])
      #expect(result.exitCode == 0, "\(result.standardError)")
      #expect(
        result.standardOutput.components(separatedBy: "is finished, 2 of 2 steps, and nothing was done").count == 2)
    }
    let changes = try FolderSnapshot(workshop.path("finished")).changes(since: before)
    #expect(changes.isEmpty)
  }

  @Test func `a checkpoint is saved where a file beside it cannot be written`() throws {
    for file in ["summary.json", "encoder.safetensors"] {
      let workshop = try Workshop()
      try succeeding(workshop.pretrain("whole", ["--model", "resnet8", "--steps", "4"]))
      try succeeding(workshop.pretrain("run", ["--model", "resnet8", "--steps", "2"]))
      // Nothing can be renamed onto a folder with files.
      let path = workshop.path("run/\(file)")
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: "\(path)/files", withIntermediateDirectories: true)
      let failed = try workshop.resume("run", ["--steps", "4"])
      #expect(failed.exitCode != 0 && failed.standardError.contains("the checkpoint of step 4 is saved"), "\(failed)")
      try FileManager.default.removeItem(atPath: path)
      #expect(try workshop.checkpoints("run").last == "step-00000004.safetensors")
      // The same command writes it, and the run can be trained on.
      try succeeding(workshop.resume("run", ["--steps", "4"]))
      #expect(FileManager.default.fileExists(atPath: path))
      #expect(try workshop.weights(of: "run") == workshop.weights(of: "whole"))
      #expect(try workshop.resume("run", ["--steps", "4"]).standardOutput.contains("nothing was done"))
      try succeeding(workshop.resume("run", ["--steps", "6"]))
      #expect(try workshop.weights(of: "run") == workshop.resumedWeights("whole", ["--steps", "6"]))
    }
  }

  @Test func `a finished run gets lost weights back, and keeps what was measured with them`() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.pretrain(
        "run",
        [
          "--model", "resnet8", "--image-size", "16", "--cross-entropy-weight", "0.5", "--weight-average", "0.5",
          "--steps", "2",
        ]))
    try succeeding(workshop.run(["linear", workshop.path("run"), "--epochs", "1", "--batch-size", "32"]))
    let before = try workshop.summary("run").values
    for file in ["classifier", "encoder-average", "classifier-average"] {
      let path = workshop.path("run/\(file).safetensors")
      let tensors = try WeightsFile(path: path).tensors
      try FileManager.default.removeItem(atPath: path)
      let output = try succeeding(workshop.resume("run", [])).standardOutput
      #expect(output.contains("its files beside the checkpoint are written again"), "\(file)")
      #expect(try WeightsFile(path: path).tensors == tensors, "\(file)")
    }
    #expect(try workshop.resume("run", []).standardOutput.contains("nothing was done"))
    #expect(before["linear_top1"] != nil)
    // Nor is the training itself measured anew, which took no step.
    let after = try workshop.summary("run").values
    for name in Set(before.keys).union(after.keys) {
      #expect(after[name] == before[name], "\(name)")
    }
    // Other weights have no accuracy yet.
    try succeeding(workshop.resume("run", ["--steps", "3"]))
    #expect(try workshop.summary("run").values["linear_top1"] == nil)
  }

  @Test(arguments: ["pretrain", "supervised"])
  func `a lost summary has the results of the log when it is written again`(command: String) throws {
    let workshop = try Workshop()
    let options = ["--model", "resnet8", "--steps", "12", "--evaluate-epochs", "1", "--validation-fraction", "0.25"]
    let configuration = ["--batch-size", "32", "--shard-size", "4", "--epochs", "3"]
    let data = ["--dataset", "cifar10", "--data", workshop.data]
    try succeeding(workshop.run([command, "--output", workshop.path("run")] + data + configuration + options))
    let before = try workshop.summary("run").values
    try FileManager.default.removeItem(atPath: workshop.path("run/summary.json"))
    try succeeding(workshop.run([command, "--resume", "--output", workshop.path("run")]))
    let after = try workshop.summary("run").values
    let names = [
      "weights_sha256", "final_loss", "loss_lower_bound", "final_gradient_norm", "views_per_second", "evaluation",
      "steps", "target_steps", "status",
    ]
    for name in names + (command == "pretrain" ? [] : ["train_top1", "test_top1", "test_step"]) {
      #expect(before[name] != nil && after[name] == before[name], "\(name)")
    }
  }
}
