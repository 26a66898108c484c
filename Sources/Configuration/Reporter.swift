/// The receiver of a command's lines: its progress, notes on what it decided, and warnings.
///
/// The command line prints them on rank 0 and drops them on the others.
package struct Reporter {
  /// The importance of a line.
  package enum Kind: Sendable {
    /// A result or a line of progress.
    case plain
    /// The end of a command, which is to reach the user even if the standard output fails.
    case outcome
    /// A decision that the program made for the user.
    case note
    /// A likely fault, although the command goes on.
    case warning
    /// The failure of a part of the work, while the rest goes on.
    case error
  }

  private let write: (Kind, String) -> Void

  /// Creates a reporter that hands each line, with its kind, to a closure.
  package init(_ write: @escaping (_ kind: Kind, _ line: String) -> Void) {
    self.write = write
  }

  /// A reporter that drops every line.
  package static var silent: Reporter { Reporter { _, _ in } }

  /// Reports a line as it is.
  package func callAsFunction(_ line: String) {
    write(.plain, line)
  }

  /// Reports the end of a command, as it is.
  package func outcome(_ line: String) {
    write(.outcome, line)
  }

  /// Reports a decision, after the word `note`.
  package func note(_ text: String) {
    write(.note, "note: \(text)")
  }

  /// Reports a likely fault, after the word `warning`.
  package func warn(_ text: String) {
    write(.warning, "warning: \(text)")
  }

  /// Reports the failure of a part of the work, after the word `Error`.
  package func error(_ text: String) {
    write(.error, "Error: \(text)")
  }

  /// Returns a reporter that hands each line to another way of writing it.
  ///
  /// - Parameter wrap: Calls its argument, which writes the line.
  /// - Returns: The reporter.
  package func wrapped(in wrap: @escaping (_ write: () -> Void) -> Void) -> Reporter {
    Reporter { kind, line in wrap { write(kind, line) } }
  }
}
