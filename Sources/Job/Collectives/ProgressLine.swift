import Configuration
import Glibc
import MPI

/// A progress display for a long operation: a bar on a terminal, otherwise a line every few seconds.
///
/// May be used from any thread, but not from several at once.
package final class ProgressLine {
  private let title: String
  private let total: Int
  private let columns: Int
  private let report: Reporter
  private let activity: Activity
  private let start = ProcessMeasurements.now()
  private var lastShown: Double
  private var isBarShown = false

  private static let secondsBetweenBars = 0.1
  private static let secondsBetweenLines = 5.0

  /// Creates the display for an operation of `total` parts.
  ///
  /// - Parameters:
  ///   - title: The name of the operation.
  ///   - total: The number of parts.
  ///   - activity: The watchdog's progress counter, which every update increments.
  ///   - report: Receives whole lines; `nil`, as on all ranks but 0, to print nothing.
  package init(_ title: String, total: Int, activity: Activity, report: Reporter?) {
    self.title = title
    self.total = total
    self.activity = activity
    self.report = report ?? .silent
    columns = self.report.showsProgress ? Self.terminalColumns() : 0
    lastShown = start
    activity.begin(title)
  }

  /// Displays that `done` parts are complete; the bar is redrawn at most every 0.1 s, lines are printed at most every 5
  /// s.
  package func update(_ done: Int, bad: Int = 0) {
    activity.progressed()
    let now = ProcessMeasurements.now()
    guard now - lastShown >= (columns > 0 ? Self.secondsBetweenBars : Self.secondsBetweenLines) else { return }
    lastShown = now
    let left = done > 0 ? duration((now - start) / Double(done) * Double(total - done)) : "?"
    let text = "\(done)/\(total)\(bad > 0 ? ", \(bad) bad" : ""), \(left) left"
    guard columns > 0 else {
      report("\(title): \(text)")
      return
    }
    draw("\r\(Self.line(title, text, share: Double(done) / Double(max(total, 1)), columns: columns))\u{1B}[K")
    isBarShown = true
  }

  /// Returns title, bar and text, shorter than a row of the terminal: the next bar could not be drawn over two rows.
  package static func line(_ title: String, _ text: String, share: Double, columns: Int) -> String {
    let room = max(columns - text.count - 11, 0)
    let title = title.count <= room ? title : "…\(title.suffix(max(room - 1, 0)))"
    let width = max(columns - title.count - text.count - 6, 5)
    let filled = min(Int(share * Double(width)), width)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return String("\(title) [\(bar)] \(text)".prefix(max(columns - 1, 0)))
  }

  /// Erases the progress bar.
  package func finish() {
    if isBarShown {
      draw("\r\u{1B}[K")
      isBarShown = false
    }
  }

  /// Returns the width of the terminal in columns, or 0 without one: under mpirun the standard output is a terminal
  /// without a size.
  private static func terminalColumns() -> Int {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return 0 }
    return Int(size.ws_col)
  }

  private func draw(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  }
}
