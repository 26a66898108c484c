import Configuration
import Runs

/// The named measures of an evaluation, in the order in which they are printed.
struct EvaluationReport {
  /// One line of the table that is printed.
  struct Line {
    let field: String
    let title: String
    let value: Double
  }

  private(set) var lines: [Line] = []
  /// Further values that are written to the file but not printed.
  var details: [String: JSONValue] = [:]

  /// Appends a measure with a field name for the file and a title for the table; a measure of nothing, `nil`, is left
  /// out.
  mutating func add(_ field: String, _ title: String, _ value: Double?) {
    guard let value else { return }
    lines.append(Line(field: field, title: title, value: value))
  }

  /// All measures and details as one JSON object.
  var fields: [String: JSONValue] {
    lines.reduce(into: details) { fields, line in fields[line.field] = .number(line.value) }
  }

  /// The lines of the printed table: titles in one column, numbers in the other.
  var table: [String] {
    let width = lines.map(\.title.count).max() ?? 0
    return lines.map { line in
      line.title + String(repeating: " ", count: width - line.title.count + 2) + decimal(line.value, 4)
    }
  }
}
