import Foundation
import TestSupport

/// A folder with a small dataset, and the runs that one test makes beside it.
final class Workshop {
  /// The recipe of most tests: 8 shards a step and 6 steps an epoch, the last partial batch of which is left out; no
  /// evaluations.
  static let configuration = [
    "--batch-size", "32", "--shard-size", "4", "--epochs", "3", "--evaluate-epochs", "0",
  ]

  private let directory: TemporaryDirectory
  private let supcon: String

  init() throws {
    directory = try TemporaryDirectory()
    supcon = try builtExecutable("supcon")
    try SyntheticCIFAR.write(to: directory.path + "/data")
  }

  /// The dataset's folder.
  var data: String { directory.path + "/data" }

  /// A path in the workshop.
  func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// Runs `supcon`, on one rank without a launcher.
  func run(ranks: Int = 1, _ arguments: [String], timeoutSeconds: Int = 120) throws -> ProcessResult {
    ranks == 1
      ? try runProcess(supcon, arguments, timeoutSeconds: timeoutSeconds)
      : try runUnderMPI(ranks: ranks, supcon, arguments, timeoutSeconds: timeoutSeconds)
  }

  /// Runs `supcon` on one rank with this folder as its working directory.
  func runInside(_ arguments: [String]) throws -> ProcessResult {
    try runProcess("/bin/sh", ["-c", "cd \"$0\" && exec \"$@\"", directory.path, supcon] + arguments)
  }

  /// Begins a run on the small dataset.
  func pretrain(_ run: String, ranks: Int = 1, configuration: [String] = configuration, _ options: [String]) throws
    -> ProcessResult
  {
    try self.run(
      ranks: ranks,
      ["pretrain", "--dataset", "cifar10", "--data", data, "--output", path(run)] + configuration + options)
  }

  /// Continues a run.
  func resume(_ run: String, ranks: Int = 1, _ options: [String]) throws -> ProcessResult {
    try self.run(ranks: ranks, ["pretrain", "--resume", "--output", path(run)] + options)
  }

  /// Begins a run, which must succeed, and gives its hash.
  func weights(_ run: String, ranks: Int = 1, configuration: [String] = configuration, _ options: [String]) throws
    -> String
  {
    try succeeding(pretrain(run, ranks: ranks, configuration: configuration, options))
    return try weights(of: run)
  }

  /// Continues a run, which must succeed, and gives its hash.
  func resumedWeights(_ run: String, ranks: Int = 1, _ options: [String]) throws -> String {
    try succeeding(resume(run, ranks: ranks, options))
    return try weights(of: run)
  }

  /// `weights_sha256` of a run's summary.
  func weights(of run: String) throws -> String {
    try summary(run).text("weights_sha256")
  }

  /// The text of a stage's `summary.json` without the times at which it started and ended.
  func timelessText(_ file: String) throws -> String {
    try text(file).split(separator: "\n").filter { line in
      !line.hasPrefix("  \"started\" :") && !line.hasPrefix("  \"ended\" :")
    }.joined(separator: "\n")
  }

  /// A run's `summary.json`, or that of a later stage.
  func summary(_ run: String, stage: String? = nil) throws -> JSONFields {
    try JSONFields(path: path(stage.map { stage in "\(run)/\(stage)/summary.json" } ?? "\(run)/summary.json"))
  }

  /// The text of a file of the workshop.
  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// The names of a run's checkpoints, oldest first, without the link to the newest.
  func checkpoints(_ run: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path("\(run)/checkpoints"))
      .filter { name in name.hasPrefix("step-") }.sorted()
  }

  /// Changes a file of the workshop.
  func change(_ name: String, _ body: (inout Data) -> Void) throws {
    let url = URL(fileURLWithPath: path(name))
    var bytes = try Data(contentsOf: url)
    body(&bytes)
    try bytes.write(to: url)
  }

  /// Copies a file or folder of the workshop, in place of what stands there.
  func copy(_ name: String, to other: String) throws {
    try? FileManager.default.removeItem(atPath: path(other))
    try FileManager.default.copyItem(atPath: path(name), toPath: path(other))
  }
}

/// A job that ended otherwise than a test needs.
struct UnexpectedEnd: Error, CustomStringConvertible {
  let description: String
}

/// The result of a job that must succeed.
@discardableResult
func succeeding(_ result: ProcessResult) throws -> ProcessResult {
  guard result.exitCode == 0 else {
    throw UnexpectedEnd(description: "exit \(result.exitCode): \(result.standardOutput)\(result.standardError)")
  }
  return result
}
