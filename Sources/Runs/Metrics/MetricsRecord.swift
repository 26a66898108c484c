import FoundationEssentials

/// A record of `metrics.jsonl`: the fields of one line, named by its coding keys.
///
/// Every line also has the fields `kind` and `time`, which ``MetricsLine`` adds. All numbers of a record are finite.
package protocol MetricsRecord: Codable, Sendable {
  /// The value of the field `kind`, which is also the first part of TensorBoard tags.
  static var kind: String { get }
  /// The names of numbers that are not measures and are not plotted in TensorBoard.
  static var namesWithoutCurve: Set<String> { get }
  /// The number of training steps taken.
  var step: Int { get }
}

extension MetricsRecord {
  package static var namesWithoutCurve: Set<String> { ["step", "epoch"] }

  /// The numbers of the record that are plotted, by name, in alphabetical order.
  package var curves: [(name: String, value: Double)] {
    JSONValue.fields(of: self).sorted { one, other in one.key < other.key }.compactMap { name, value in
      guard !Self.namesWithoutCurve.contains(name) else { return nil }
      return value.double.map { number in (name, number) }
    }
  }
}

/// One line of `metrics.jsonl`: a record with its kind and the time.
package struct MetricsLine<Record: MetricsRecord>: Codable, Sendable {
  /// The record that the line contains.
  package let record: Record
  /// The time of the record, in ISO 8601 (UTC).
  package let time: String

  private enum CodingKeys: String, CodingKey {
    case kind, time
  }

  /// Creates the line of a record.
  package init(_ record: Record, time: Date) {
    self.record = record
    self.time = time.formatted(.iso8601)
  }

  /// Decodes a line; throws an error if its `kind` is not that of `Record`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try container.decode(String.self, forKey: .kind)
    guard kind == Record.kind else {
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "expected \(Record.kind), found \(kind)")
    }
    time = try container.decode(String.self, forKey: .time)
    record = try Record(from: decoder)
  }

  /// Encodes the record's fields, its kind and the time as one object.
  package func encode(to encoder: any Encoder) throws {
    try record.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Record.kind, forKey: .kind)
    try container.encode(time, forKey: .time)
  }

  /// Returns the line as text, with sorted names and without a final newline.
  package func encoded() -> String { JSONValue.object(JSONValue.fields(of: self)).encoded() }
}
