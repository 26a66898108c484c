import Formats
import Foundation
import Testing

/// The files of a run directory (docs/reference.md).
struct RunDirectoryTests {
  private static let steps = 8
  private static let stepsPerEpoch = 6
  private static let epochs = 3

  /// A run of one epoch and two steps on two ranks.
  private func workshopWithARun() throws -> Workshop {
    let workshop = try Workshop()
    try succeeding(
      workshop.pretrain(
        "a/deep/run", ranks: 2,
        [
          "--steps", "\(Self.steps)", "--checkpoint-steps", "2", "--keep", "2", "--log-steps", "3", "--warmup-epochs",
          "1",
        ]))
    try workshop.copy("a/deep/run", to: "run")
    return workshop
  }

  @Test func holdsAllThatTheContractPromises() throws {
    let workshop = try workshopWithARun()
    try checkSummary(workshop)
    try checkMetrics(workshop)
    try checkCheckpoints(workshop)
    try checkWeights(workshop)
  }

  private func checkSummary(_ workshop: Workshop) throws {
    let summary = try workshop.summary("run")
    let texts = [
      "command": "pretrain", "model": "resnet20", "dataset": "cifar10", "loss": "supcon",
    ]
    for (name, expected) in texts {
      #expect(try summary.text(name) == expected)
    }
    // What `auto` stood for on this CPU.
    let precision = try summary.text("precision")
    #expect(["float32", "bfloat16"].contains(precision))
    #expect(try workshop.text("run/config.yaml").contains("precision: \(precision)\n"))
    let numbers: [String: Double] = [
      "seed": 0, "ranks": 2, "threads_per_rank": 1, "batch_size": 32, "shard_size": 4, "views": 2,
      "steps": Double(Self.steps), "epochs": Double(Self.steps) / Double(Self.stepsPerEpoch),
    ]
    for (name, expected) in numbers {
      #expect(try summary.number(name) == expected, "\(name)")
    }
    let version = try workshop.run(["--version"]).standardOutput
    #expect(version.hasPrefix("supcon \(try summary.text("version"))\n"))
    let seconds = try summary.number("seconds")
    let speed = try summary.number("views_per_second")
    #expect(seconds > 0 && seconds < 120)
    #expect(speed > 1 && speed < 1e6)
    let (maximum, sum) = (try summary.number("peak_rss_bytes_max"), try summary.number("peak_rss_bytes_sum"))
    #expect(maximum > 1e7 && maximum < 2e9)
    #expect(sum >= maximum && sum <= 2 * maximum)
    let (loss, bound) = (try summary.number("final_loss"), try summary.number("loss_lower_bound"))
    #expect(0 < bound && bound < loss && loss < 6)
    #expect(try summary.text("weights_sha256").wholeMatch(of: /[0-9a-f]{64}/) != nil)
  }

  private func checkMetrics(_ workshop: Workshop) throws {
    let lines = try JSONFields.lines(path: workshop.path("run/metrics.jsonl"))
    // Each third step and the last one; an epoch's own line follows its last step.
    #expect(try lines.map { line in try line.number("step") } == [3, 6, 6, 8])
    #expect(lines.map { line in line.values["seconds"] != nil } == [false, false, true, false])
    #expect(lines.map { line in line.values["seconds_by_part"] != nil } == [true, true, false, true])
    #expect(try lines[2].number("epoch") == 1)
    let warmupSteps = Double(Self.stepsPerEpoch)
    let allSteps = Double(Self.stepsPerEpoch * Self.epochs)
    for line in lines {
      let step = try line.number("step")
      // The schedule of docs/options.md; k counts from 0.
      let expected = 0.1 * min(1, step / warmupSteps) * 0.5 * (1 + cos(Double.pi * (step - 1) / allSteps))
      #expect(abs(try line.number("learning_rate") - expected) < 1e-7)
      let (loss, bound) = (try line.number("loss"), try line.number("loss_lower_bound"))
      #expect(0 < bound && bound < loss && loss < 6)
      #expect(abs(try line.number("epoch") - step / warmupSteps) < 1e-12)
      #expect(try line.number("views_per_second") > 1)
    }
    #expect(try lines[3].values["loss"] == workshop.summary("run").values["final_loss"])
  }

  private func checkCheckpoints(_ workshop: Workshop) throws {
    let folder = "run/checkpoints"
    #expect(try workshop.checkpoints("run") == ["step-00000006.safetensors", "step-00000008.safetensors"])
    let latest = try FileManager.default.destinationOfSymbolicLink(atPath: workshop.path("\(folder)/latest"))
    #expect(latest == "step-00000008.safetensors")
    let names = try FileManager.default.contentsOfDirectory(atPath: workshop.path(folder))
    #expect(names.count == 3, "nothing temporary stays: \(names)")
  }

  private func checkWeights(_ workshop: Workshop) throws {
    let checkpoint = try WeightsFile(path: workshop.path("run/checkpoints/latest"))
    let weights = Array(checkpoint.weights)
    #expect(try workshop.weights(of: "run") == SHA256.hexadecimalDigest(of: weights))
    // ResNet-20 without its classifier, its 19 BatchNorm layers' statistics, and the head 64→64→128.
    let parameters = 16 * 27 + 6 * 2304 + 4608 + 5 * 9216 + 18_432 + 5 * 36_864 + 2 * (7 * 16 + 6 * 32 + 6 * 64)
    let statistics = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    let head = 64 * 64 + 64 + 64 * 128 + 128
    #expect(weights.count == 4 * (parameters + statistics + head))

    let encoder = try WeightsFile(path: workshop.path("run/encoder.safetensors"))
    let others = encoder.tensors.keys.filter { name in !name.hasPrefix("encoder.") }
    #expect(others.count == 1, "only a checksum beside the encoder: \(others)")
    #expect(others.first?.contains("sha256") == true)
    #expect(encoder.weights.count == 4 * (parameters + statistics))
    #expect(encoder.metadata["mean"] != nil && encoder.metadata["std"] != nil && encoder.metadata["size"] == "32,32")
    #expect(encoder.metadata["crop"] == "0.875" && encoder.metadata["class_names"]?.contains("airplane") == true)
    for (name, bytes) in encoder.tensors where name.hasPrefix("encoder.") {
      #expect(checkpoint.tensors[name] == bytes, "\(name)")
    }
  }
}
