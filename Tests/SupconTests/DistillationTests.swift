import Formats
import Foundation
import TestSupport
import Testing

/// Distillation from a teacher: a step against the definition, and teachers that are refused.
struct DistillationTests {
  private static let small = [
    "--model", "resnet8", "--shapes-train", "96", "--shapes-test", "32", "--batch-size", "32",
    "--shard-size", "4",
  ]

  /// Trains a small classifier on the built-in images.
  private func train(_ workshop: Workshop, _ run: String, _ options: [String], ranks: Int = 1) throws {
    try succeeding(
      workshop.run(
        ranks: ranks,
        ["supervised"] + Self.small + ["--evaluate-epochs", "0", "--output", workshop.path(run)] + options))
  }

  private func numbers(_ workshop: Workshop, _ file: String) throws -> [Double] {
    try PlainNumPy.read(workshop.path(file), as: Float.self).elements.map(Double.init)
  }

  /// The gradient of the classifier's bias is the sum of the rows' gradients: of (1 − α) cross-entropy and of α times
  /// the distillation loss, here of images without augmentation, whose representations `supcon embed` gives too.
  @Test func `a step has the gradient of the definition, on any ranks`() throws {
    let workshop = try Workshop()
    let exact = ["--precision", "float32", "--augmentation", "none"]
    try train(workshop, "teacher", exact + ["--epochs", "2"])
    try succeeding(
      workshop.run(
        ["embed", workshop.path("teacher"), "--split", "train", "--output", workshop.path("features.npy")]))
    let teaching = [
      "--teacher", workshop.path("teacher"), "--distillation-weight", "0.7", "--distillation-temperature", "2",
      "--label-smoothing", "0.1", "--seed", "3",
    ]
    try train(workshop, "before", exact + teaching + ["--steps", "0"])
    try train(workshop, "one", exact + teaching + ["--steps", "1", "--dump-step", "1", workshop.path("dump")])
    try train(
      workshop, "three", exact + teaching + ["--steps", "1", "--dump-step", "1", workshop.path("dump-3")], ranks: 3)

    /// A layer's outputs: weight `[10, width]` and bias of a checkpoint.
    func logits(_ checkpoint: String, _ features: [Double]) throws -> [[Double]] {
      let file = try WeightsFile(path: workshop.path(checkpoint))
      let (weight, bias) = (floats(file.tensors["fc.weight"]), floats(file.tensors["fc.bias"]))
      let width = weight.count / bias.count
      return stride(from: 0, to: features.count, by: width).map { first -> [Double] in
        var logits = bias
        for row in logits.indices {
          for index in 0..<width { logits[row] += weight[row * width + index] * features[first + index] }
        }
        return logits
      }
    }
    func softmax(_ logits: [Double], _ temperature: Double) -> [Double] {
      let powers = logits.map { logit in exp(logit / temperature) }
      return powers.map { power in power / powers.reduce(0, +) }
    }
    let samples = try PlainNumPy.read(workshop.path("dump/samples.npy"), as: Int32.self).elements.map(Int.init)
    let labels = try PlainNumPy.read(workshop.path("dump/labels.npy"), as: Int32.self).elements.map(Int.init)
    let student = try logits(
      "before/checkpoints/step-00000000.safetensors", numbers(workshop, "dump/representations.npy"))
    let teacher = try logits("teacher/checkpoints/step-00000006.safetensors", numbers(workshop, "features.npy"))
    try #require(student.count == 32 && teacher.count == 96 && samples.count == 32 && labels.count == 32)
    var expected = [Double](repeating: 0, count: 10)
    for row in student.indices {
      let (own, softened) = (softmax(student[row], 1), softmax(student[row], 2))
      let target = softmax(teacher[samples[row]], 2)
      for label in expected.indices {
        let smoothed = (label == labels[row] ? 0.9 : 0) + 0.01
        expected[label] += (0.3 * (own[label] - smoothed) + 0.7 * 2 * (softened[label] - target[label])) / 32
      }
    }
    let found = try numbers(workshop, "dump/gradients/fc.bias.npy")
    #expect(found.count == 10 && zip(found, expected).allSatisfy { own, other in abs(own - other) < 1e-6 })
    #expect((expected.map { element in abs(element) }.max() ?? 0) > 1e-3)
    for name in ["fc.weight", "encoder.conv1.weight"] {
      #expect(
        try numbers(workshop, "dump/gradients/\(name).npy") == numbers(workshop, "dump-3/gradients/\(name).npy"))
    }
  }

  @Test func `a teacher whose running statistics are not finite is refused by name`() throws {
    let workshop = try Workshop()
    try train(workshop, "teacher", ["--steps", "1"])
    let checkpoint = "teacher/checkpoints/step-00000001.safetensors"
    let variance = try #require(try WeightsFile(path: workshop.path(checkpoint)).tensors["encoder.bn1.running_var"])
    try workshop.change(checkpoint) { bytes in
      let notANumber: [UInt8] = [0, 0, 0xC0, 0x7F]
      bytes.replaceSubrange(variance.startIndex..<variance.startIndex + 4, with: notANumber)
      // The file ends with the SHA-256 of all bytes before it.
      let rest = Array(bytes.dropLast(32))
      let digest = SHA256()
      unsafe digest.update(rest.span.bytes)
      bytes.replaceSubrange(bytes.count - 32..<bytes.count, with: digest.finalize())
    }
    try workshop.expectRefusal(
      ["supervised"] + Self.small + ["--teacher", workshop.path("teacher"), "--output", workshop.path("new")], 78,
      naming: ["--teacher", workshop.path("teacher"), "not finite"])
  }

  @Test func `a teacher that cannot teach is refused before anything is written`() throws {
    let workshop = try Workshop()
    let data = ["--dataset", "cifar10", "--data", workshop.data]
    try train(workshop, "shapes", ["--epochs", "1"])
    try succeeding(workshop.pretrain("no-classifier", ["--steps", "1"]))
    func expectRefusal(_ teacher: String, _ code: Int32, naming parts: [String], ranks: Int = 1) throws {
      let options = ["supervised", "--teacher", workshop.path(teacher), "--output", workshop.path("new")]
      let result = try workshop.run(ranks: ranks, options + data + Workshop.configuration)
      SupconTests.expectRefusal(result, code, naming: parts)
      #expect(!FileManager.default.fileExists(atPath: workshop.path("new")))
    }
    try expectRefusal("nowhere", 66, naming: ["--teacher", "nowhere", "present place"])
    try expectRefusal("no-classifier", 78, naming: ["--teacher", "has no classifier", "supcon linear"], ranks: 2)
    try expectRefusal("shapes", 78, naming: ["--teacher", "its class 0 is disc", "airplane"], ranks: 2)

    // A run goes on with the teacher with which it was begun.
    try train(workshop, "run", ["--teacher", workshop.path("shapes"), "--steps", "2", "--epochs", "2"])
    try train(workshop, "shapes-2", ["--epochs", "1", "--seed", "5"])
    let resume = ["supervised", "--resume", "--output", workshop.path("run"), "--steps", "4"]
    try workshop.expectRefusal(
      resume + ["--teacher", workshop.path("shapes-2")], 78, naming: ["--teacher", "not those with which this run"])
    try train(workshop, "untaught", ["--steps", "1"])
    try workshop.expectRefusal(
      ["supervised", "--resume", "--output", workshop.path("untaught"), "--steps", "2", "--teacher"]
        + [workshop.path("shapes")], 78, naming: ["--teacher", "begun with its default"])
    // The classes are those of the classifier: here of a linear classifier on other images.
    try succeeding(workshop.run(["linear", workshop.path("no-classifier"), "--epochs", "1", "--batch-size", "32"]))
    try workshop.expectRefusal(
      ["supervised"] + Self.small + ["--teacher", workshop.path("no-classifier"), "--output", workshop.path("new")], 78,
      naming: ["its class 0 is airplane", "disc"])
    try workshop.copy("shapes", to: "moved")
    let moved = try succeeding(workshop.run(resume + ["--teacher", workshop.path("moved")]))
    #expect(moved.standardOutput.contains("teacher: resnet8 of \(workshop.path("moved")), after step"))
    // A run that has no steps left needs no teacher.
    try FileManager.default.removeItem(atPath: workshop.path("moved"))
    let finished = try succeeding(workshop.run(["supervised", "--resume", "--output", workshop.path("run")]))
    #expect(finished.standardOutput.contains("is finished"))
    // One that is given is not looked at, nor stored: the options stay those of the run.
    let options = try workshop.text("run/config.yaml")
    for teacher in [workshop.path("nowhere"), "none", workshop.path("no-classifier")] {
      let again = ["supervised", "--resume", "--output", workshop.path("run"), "--teacher", teacher]
      for ranks in [1, 2] {
        let other = try succeeding(workshop.run(ranks: ranks, again)).standardOutput
        #expect(other.contains("is finished") && other.contains("note: --teacher \(teacher): is not looked at"))
      }
    }
    #expect(try workshop.text("run/config.yaml") == options)
    // Not even one whose files are written again.
    let encoder = workshop.path("run/encoder.safetensors")
    try FileManager.default.removeItem(atPath: encoder)
    try succeeding(workshop.run(ranks: 2, ["supervised", "--resume", "--output", workshop.path("run")]))
    #expect(FileManager.default.fileExists(atPath: encoder))
  }
}
