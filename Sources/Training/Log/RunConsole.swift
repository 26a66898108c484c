import Job

/// The output of a run: lines, and on a terminal a status line below them.
struct RunConsole {
  /// The amount of output.
  let verbosity: Verbosity
  /// The status line, on a terminal.
  let statusLine: StatusLine?
  /// Prints a line.
  let report: (String) -> Void

  /// Creates the output of a rank.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - isRoot: True on rank 0, which alone has a status line.
  ///   - report: Prints a line.
  init(_ request: TrainingRun.Request, isRoot: Bool, report: @escaping (String) -> Void) {
    let isShowing = isRoot && request.verbosity != .quiet
    let statusLine = isShowing ? request.terminal.flatMap { terminal in StatusLine(terminal) } : nil
    verbosity = request.verbosity
    self.statusLine = statusLine
    self.report = statusLine.map { line in { text in line.printing { report(text) } } } ?? report
  }

  /// Removes the status line.
  func end() {
    statusLine?.end()
  }
}
