import Configuration
import Datasets
import Formats
import Runs

/// The records of a run, read from its directory without writing to it; also possible during training.
package struct RunRecord: Sendable {
  let path: String
  let configuration: Configuration
  /// The text of `config.yaml`.
  let configurationText: String
  /// The fields of `summary.json`; empty if the file does not exist yet.
  let summary: [String: JSONValue]
  let rows: [MetricRow]
  /// The fields of `linear/summary.json` and `evaluation/summary.json`, or of `linear-validation` and
  /// `evaluation-validation`.
  let linear: [String: JSONValue]
  let evaluation: [String: JSONValue]
  /// The process that is currently training the run, as text; `nil` if there is none.
  let trainer: String?

  /// Reads a run directory.
  ///
  /// - Parameters:
  ///   - path: The run directory.
  ///   - split: The images, test or validation, on which later commands measured the run.
  /// - Throws: ``RunError`` if the directory does not contain a run.
  package init(path: String, split: Split = .test) throws {
    let directory = RunDirectory(path: path)
    try directory.checkHoldsRun()
    self.path = path
    configuration = try directory.configuration()
    configurationText = Self.text(ofFile: directory.configurationPath) ?? configuration.yaml()
    summary = JSONValue.fields(ofFile: directory.summaryPath) ?? [:]
    rows = MetricRow.rows(ofFile: directory.metricsPath)
    let place = ResultPlace(.raw, isValidation: split == .validation, dataName: nil, step: nil, identity: [:])
    linear = JSONValue.fields(ofFile: "\(path)/\(place.ownFolder(of: "linear"))/summary.json") ?? [:]
    evaluation = JSONValue.fields(ofFile: "\(path)/\(place.ownFolder(of: "evaluation"))/summary.json") ?? [:]
    trainer = RunLock.holder(ofDirectory: path)
  }

  private static func text(ofFile path: String) -> String? {
    guard let file = try? ReadOnlyFile(path: path), let bytes = try? file.read(file.byteCount, at: 0) else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The last component of the run directory's path.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The number of training steps taken.
  var steps: Int { max(summary["steps"]?.double.map { steps in Int(steps) } ?? 0, rows.last?.step ?? 0) }

  /// The number of epochs trained, with a fraction.
  var epochs: Double { max(summary["epochs"]?.double ?? 0, rows.last?.epoch ?? 0) }

  /// The state of the run in one sentence.
  package var status: String {
    let target = summary["target_epochs"]?.double ?? Double(configuration.schedule.epochs)
    let done = "\(short(epochs)) of \(short(target)) epochs, \(counted(steps, "step"))"
    if let trainer {
      return "Still training (\(trainer)): \(done) so far. Figures are those of this moment."
    }
    switch summary["status"]?.string {
    case "finished": return "Finished: \(done)."
    case "running":
      return "Ended without a last word (its process was killed): \(done). It can be continued with --resume."
    case "diverged":
      return
        "Stopped at a loss or gradient that is not finite: \(done). It cannot go on from here; begin a new run."
    case "stopped": return "Stopped: \(done). It can be continued with --resume."
    default:
      return epochs >= target - 1e-9
        ? "Finished: \(done)." : "Not finished: \(done). It can be continued with --resume."
    }
  }

  /// Returns the values of a field as points (epoch, value), one for each record that contains the field.
  func points(_ field: String) -> [(x: Double, y: Double)] {
    rows.compactMap { row in row.values[field].map { value in (row.epoch, value) } }
  }

  /// Returns the values of a field as points (epoch, value): of the logged steps, or of the epochs if these are more.
  func stepPoints(_ field: String) -> [(x: Double, y: Double)] {
    func points(_ isStep: Bool) -> [(x: Double, y: Double)] {
      rows.filter { row in row.parts.isEmpty != isStep }.compactMap { row in
        row.values[field].map { value in (row.epoch, value) }
      }
    }
    let (steps, others) = (points(true), points(false))
    return steps.count >= others.count ? steps : others
  }

  /// The results of the run and of commands after training, such as accuracies, by field name.
  package var results: [String: Double] {
    var results = summary.filter { name, _ in Self.isAccuracy(name) }.compactMapValues(\.double)
    results.merge(evaluation.compactMapValues(\.double)) { _, new in new }
    results.merge(linear.filter { name, _ in name.hasPrefix("linear_") }.compactMapValues(\.double)) { _, new in new }
    // Of fewer training images than neighbors, all of them vote, and the title would be wrong.
    if let count = evaluation["train_samples"]?.double, count < 200 { results["knn200_weighted_top1"] = nil }
    for name in ["neighbors", "test_samples", "train_samples", "pretraining_steps"] { results[name] = nil }
    // Five guesses among so few classes say nothing.
    if case .list(let classes) = summary["class_names"], classes.count <= 5 {
      results = results.filter { name, _ in !name.contains("top5") }
    }
    return results
  }

  /// Returns true for fields that are fractions of correct predictions.
  static func isAccuracy(_ field: String) -> Bool { field.contains("top1") || field.contains("top5") }
}
