import Configuration
import Job

/// The console output of a run: lines and, on a terminal, a status line below them.
package struct RunConsole {
  /// The amount of output.
  package let verbosity: Verbosity
  /// The status line; `nil` if the output is not a terminal.
  package let statusLine: StatusLine?
  /// The reporter that prints lines above the status line.
  package let report: Reporter

  /// Creates the console output of a rank.
  ///
  /// - Parameters:
  ///   - verbosity: The amount of output.
  ///   - terminal: The terminal of rank 0, if its output may be a terminal; `nil` on other ranks.
  ///   - report: Prints a line.
  package init(_ verbosity: Verbosity, terminal: StatusLine.Terminal?, report: Reporter) {
    let statusLine = verbosity == .quiet ? nil : terminal.flatMap { terminal in StatusLine(terminal) }
    self.verbosity = verbosity
    self.statusLine = statusLine
    self.report = statusLine.map { line in report.wrapped { write in line.printing(write) } } ?? report
  }

  /// Erases the status line.
  package func end() {
    statusLine?.end()
  }
}
