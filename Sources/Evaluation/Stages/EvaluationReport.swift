import Configuration
import Runs

/// Measures by name, in the order in which they are shown.
struct EvaluationReport {
  /// A line of the table.
  struct Line {
    let field: String
    let title: String
    let value: JSONValue
  }

  private(set) var lines: [Line] = []
  /// The values that appear only in the file.
  var details: [String: JSONValue] = [:]

  /// Appends a measure.
  mutating func add(_ field: String, _ title: String, _ value: Double) {
    lines.append(Line(field: field, title: title, value: .number(value)))
  }

  /// All measures and details as one object.
  var fields: [String: JSONValue] {
    lines.reduce(into: details) { fields, line in fields[line.field] = line.value }
  }

  /// The table, titles in one column and numbers in the other.
  var table: [String] {
    let width = lines.map(\.title.count).max() ?? 0
    return lines.map { line in
      guard case .number(let value) = line.value else { return line.title }
      return line.title + String(repeating: " ", count: width - line.title.count + 2) + decimal(value, 4)
    }
  }
}
