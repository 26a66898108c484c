import Foundation
import TestSupport
import Testing

/// Warnings of a run about a collapsed loss.
struct CollapseWarningTests {
  /// Runs a network that does not learn: its initial embeddings are nearly equal, so its loss stays at the collapse
  /// value.
  private func run(_ options: [String]) throws -> (output: String, metrics: [[String: Any]]) {
    let directory = try TemporaryDirectory()
    let result = try runProcess(
      try builtExecutable("supcon"),
      [
        "pretrain", "--output", directory.file("run"), "--batch-size", "32", "--shard-size", "16", "--log-steps", "1",
        "--shapes-train", "600",
        "--learning-rate", "0", "--precision", "float32",
      ] + options)
    #expect(result.exitCode == 0, "\(result.standardError)")
    let lines = try String(contentsOfFile: directory.file("run/metrics.jsonl"), encoding: .utf8).split(separator: "\n")
    let metrics = try lines.compactMap { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }
    return (result.standardOutput + result.standardError, metrics)
  }

  @Test func `a loss that stays at the collapse value is warned of once, after the warm-up`() throws {
    let stuck = try run(["--steps", "11", "--warmup-epochs", "0"])
    #expect(stuck.output.components(separatedBy: "when all embeddings are equal").count == 2, "\(stuck.output)")
    #expect(stuck.output.contains("warning: step 5: for 5 logged steps"))
    #expect(stuck.output.contains("--warmup-epochs"))
    let rising = try run(["--steps", "11", "--warmup-epochs", "1"])
    #expect(!rising.output.contains("warning"))
  }

  @Test func `the log shows the bound and the excess over it`() throws {
    let run = try run(["--steps", "2", "--denominator", "one-positive", "--summation", "in", "--positives-cap", "2"])
    let line = try #require(run.output.split(separator: "\n").last { line in line.hasPrefix("step 2/2") })
    #expect(line.contains("  excess ") && line.count <= 80)
    let last = try #require(run.metrics.last { fields in fields["loss_excess"] != nil })
    let (loss, bound) = (last["loss"] as? Double ?? 0, last["loss_lower_bound"] as? Double ?? 0)
    #expect(loss > bound && last["loss_excess"] as? Double == loss - bound)
  }
}
