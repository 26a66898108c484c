import Configuration

/// The output format of results for image files.
package enum ResultFormat: String, Sendable, CaseIterable {
  /// Plain text for reading.
  case text
  /// Comma-separated values with a header.
  case csv
  /// A JSON array of objects.
  case json

  /// Writes the lines before the first result: the CSV header, or the opening bracket of the JSON array.
  package func begin(header: String, _ output: Reporter) {
    switch self {
    case .text: break
    case .csv: output(header)
    case .json: output("[")
    }
  }

  /// Writes the lines after the last result.
  package func end(_ output: Reporter) {
    if self == .json {
      output("]")
    }
  }
}
