/// The form in which a command prints results for image files.
package enum ResultFormat: String, Sendable, CaseIterable {
  /// Lines for people.
  case text
  /// Comma-separated values with a header.
  case csv
  /// A list of objects.
  case json

  /// Prints what precedes the results.
  package func begin(header: String, _ output: (String) -> Void) {
    switch self {
    case .text: break
    case .csv: output(header)
    case .json: output("[")
    }
  }

  /// Prints what follows the results.
  package func end(_ output: (String) -> Void) {
    if self == .json {
      output("]")
    }
  }
}
