import Formats
import FoundationEssentials
import Runs

/// The last records of each kind in a run's `metrics.jsonl`, up to a step: what a process knows of the steps that it
/// has not taken itself.
///
/// The file is long: it is read once, when a record is first asked for. What this process has measured after the step
/// itself may be among the records or not; ``summary(_:stored:logged:)`` prefers the process's own values.
final class LoggedResults {
  private let directory: RunDirectory
  private let step: Int
  /// The last row of each kind; empty if there is no file.
  private lazy var rows: [String: [String: JSONValue]] = lastRows()

  /// Creates the records of a run, which are not read yet.
  init(of directory: RunDirectory, through step: Int) {
    self.directory = directory
    self.step = step
  }

  private func lastRows() -> [String: [String: JSONValue]] {
    var rows: [String: [String: JSONValue]] = [:]
    let text = (try? ReadOnlyFile.text(ofFile: directory.metricsPath)) ?? ""
    MetricsLog.forEachRecord(in: text, through: step) { _, fields in
      if let kind = fields["kind"]?.string { rows[kind] = fields }
    }
    return rows
  }

  /// Returns true if there is a record of a kind after the last step itself.
  func hasRecord(_ kind: String) -> Bool { rows[kind]?["step"] == .integer(step) }

  /// The evaluation after the last step itself; `nil` if there is none.
  var evaluation: EvaluationRecord? {
    guard hasRecord(EvaluationRecord.kind), let row = rows[EvaluationRecord.kind] else { return nil }
    return try? JSONDecoder().decode(EvaluationRecord.self, from: Data(JSONValue.object(row).encoded().utf8))
  }

  /// The fields of `summary.json` whose values are in the records.
  var summaryFields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    let epoch = rows[EpochRecord.kind] ?? [:]
    let last = hasRecord(StepRecord.kind) ? rows[StepRecord.kind] ?? [:] : [:]
    fields["final_loss"] = last["loss"]
    fields["loss_lower_bound"] = last["loss_lower_bound"]
    fields["final_gradient_norm"] = last["gradient_norm"]
    fields["views_per_second"] = epoch["views_per_second"] ?? last["views_per_second"]
    fields["train_top1"] = epoch["train_top1"]
    if let evaluation = rows[EvaluationRecord.kind] {
      fields["evaluation"] = JSONValue.object(evaluation.filter { name, _ in name != "kind" && name != "time" })
    }
    if let test = rows[TestRecord.kind] {
      fields.merge(test.filter { name, _ in Self.isOfTest(name) }) { _, new in new }
      fields["test_step"] = test["step"]
    }
    return fields
  }

  /// Merges the fields of `summary.json` of a process that took no step, whose own speed and duration are not those of
  /// the training.
  ///
  /// - Parameters:
  ///   - own: The fields of the process.
  ///   - stored: The fields that are stored for the same weights; empty if there are none.
  ///   - logged: The fields of the records.
  /// - Returns: What the process measured itself, else what is stored, else what is in the records.
  static func summary(
    _ own: [String: JSONValue], stored: [String: JSONValue], logged: [String: JSONValue]
  ) -> [String: JSONValue] {
    let measured = own.filter { name, _ in
      isOfTest(name) || ["status", "evaluation", "best", "top1_correct", "top5_correct"].contains(name)
    }
    return own.merging(logged) { _, new in new }.merging(stored) { _, new in new }.merging(measured) { _, new in new }
  }

  private static func isOfTest(_ name: String) -> Bool {
    RunWeights.allCases.contains { weights in name.hasPrefix("\(weights.fieldPrefix)test_") }
  }
}
