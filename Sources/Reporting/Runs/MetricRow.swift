import Runs

/// A record of `metrics.jsonl`.
///
/// Records written by version 0.1.0 have no kind, and any number may be missing.
package struct MetricRow: Sendable {
  /// The number of training steps taken when the record was written.
  package let step: Int
  /// The number of epochs trained when the record was written, with a fraction.
  package let epoch: Double
  /// The numeric fields of the record, by name.
  package let values: [String: Double]
  /// The seconds of each part of the step, by name.
  package let parts: [String: Double]

  /// True for the record of a logged step, as against those of epochs, tests and evaluations.
  var isOfStep: Bool { !parts.isEmpty }

  /// Parses a line; `nil` if it is incomplete, like the last line while it is being written.
  init?(line: Substring) {
    guard case .object(let fields) = JSONValue(parsing: String(line)), case .integer(let step) = fields["step"] else {
      return nil
    }
    self.step = step
    var values = fields.compactMapValues(\.double)
    if values["loss_excess"] == nil, let loss = values["loss"], let bound = values["loss_lower_bound"] {
      values["loss_excess"] = loss - bound
    }
    values = NeighborCount.omitting(among: values["reference_samples"], of: values)
    self.values = RecordedSplits.named(values, of: fields)
    epoch = values["epoch"] ?? 0
    parts = if case .object(let parts) = fields["seconds_by_part"] { parts.compactMapValues(\.double) } else { [:] }
  }

  /// The largest number of step records that are read; of longer logs, evenly spaced records are read.
  private static let rowLimit = 20_000

  /// Returns the records in the text of a file.
  package static func rows(ofText text: String) -> [MetricRow] {
    let lines = MetricsLog.lines(of: text)
    let spacing = max(1, lines.count / rowLimit)
    return lines.enumerated().compactMap { index, line in
      // Records of epochs and tests are few, and all of them are read.
      index.isMultiple(of: spacing) || !line.contains("\"seconds_by_part\"") ? MetricRow(line: line) : nil
    }
  }
}

extension JSONValue {
  /// The value as text for a table.
  var shown: String {
    switch self {
    case .null: "–"
    case .boolean(let value): value ? "yes" : "no"
    case .integer(let value): "\(value)"
    case .number(let value): short(value)
    case .text(let text): text
    case .list(let values): values.map(\.shown).joined(separator: " ")
    case .object(let fields): "\(fields.count) fields"
    }
  }
}
