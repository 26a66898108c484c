/// The output of a command for the user: results, progress, notes on automatic choices, and warnings.
///
/// Lines are printed on rank 0 and dropped on all other ranks.
package struct Reporter {
  /// The kind of a line.
  package enum Kind: Sendable {
    /// A result or a line of progress.
    case plain
    /// The final line of a command, which must reach the user even if standard output fails.
    case outcome
    /// A choice that the program made for the user, such as a default.
    case note
    /// A warning about a likely mistake; the command continues.
    case warning
    /// The failure of a part of the work; the rest continues.
    case error
  }

  /// True if the user wants to see how far the work is.
  package let showsProgress: Bool
  private let write: (Kind, String) -> Void

  /// Creates a reporter that passes each line, with its kind, to a closure.
  package init(showsProgress: Bool = true, _ write: @escaping (_ kind: Kind, _ line: String) -> Void) {
    (self.showsProgress, self.write) = (showsProgress, write)
  }

  /// A reporter that drops every line.
  package static var silent: Reporter { Reporter(showsProgress: false) { _, _ in } }

  /// Reports a result or a line of progress.
  package func callAsFunction(_ line: String) {
    write(.plain, line)
  }

  /// Reports the final line of a command.
  package func outcome(_ line: String) {
    write(.outcome, line)
  }

  /// Reports a choice that the program made, after `note:`.
  package func note(_ text: String) {
    write(.note, "note: \(text)")
  }

  /// Reports a likely mistake, after `warning:`.
  package func warn(_ text: String) {
    write(.warning, "warning: \(text)")
  }

  /// Reports the failure of a part of the work, after `Error:`.
  package func error(_ text: String) {
    write(.error, "Error: \(text)")
  }

  /// Returns a reporter that writes each line inside a call of `wrap`.
  ///
  /// - Parameter wrap: Calls its argument, which writes the line.
  /// - Returns: The reporter.
  package func wrapped(in wrap: @escaping (_ write: () -> Void) -> Void) -> Reporter {
    Reporter(showsProgress: showsProgress) { kind, line in wrap { write(kind, line) } }
  }
}
