import Configuration
import MPI

/// A progress display for a long operation: a bar on a terminal, otherwise a line every few seconds.
///
/// May be used from any thread, but not from several at once.
package final class ProgressLine {
  private let title: String
  private let total: Int
  private let terminal = StatusLine.Terminal.standardOutput
  /// The width of the terminal; 0 to print lines.
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
    columns = self.report.showsProgress ? terminal.columns() : 0
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
    terminal.write("\r\(Self.line(title, text, share: Double(done) / Double(max(total, 1)), columns: columns))\u{1B}[K")
    isBarShown = true
  }

  /// Returns title, bar and text, shorter than a row of the terminal: the next bar could not be drawn over two rows.
  package static func line(_ title: String, _ text: String, share: Double, columns: Int) -> String {
    let room = max(columns - text.count - 11, 0)
    var title = title
    if columnCount(of: title) > room {
      while !title.isEmpty, columnCount(of: title) >= room { title.removeFirst() }
      title = "…\(title)"
    }
    let width = max(columns - columnCount(of: title) - text.count - 6, 5)
    let filled = min(Int(share * Double(width)), width)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return String("\(title) [\(bar)] \(text)".prefix(max(columns - 1, 0)))
  }

  /// Returns about how many columns a text takes: a letter of an East Asian script, or most emoji, take two.
  private static func columnCount(of text: String) -> Int {
    text.unicodeScalars.reduce(0) { sum, scalar in sum + (scalar.value < 0x2E80 ? 1 : 2) }
  }

  /// Erases the progress bar.
  package func finish() {
    if isBarShown {
      terminal.write("\r\u{1B}[K")
      isBarShown = false
    }
  }
}
