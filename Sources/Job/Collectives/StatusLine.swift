import Dispatch
import Glibc
import Synchronization

/// The bottom line of a terminal, redrawn in place while other lines scroll above it.
///
/// The cursor stays at the start of the line. After the terminal was resized, the line is composed again, and leftovers
/// of the old line, wrapped by a narrower terminal, are erased. May be used from any thread.
@safe
package final class StatusLine: Sendable {
  /// The output device on which the line is drawn.
  package struct Terminal: Sendable {
    /// Returns the current width in columns; 0 if the output is not a terminal.
    package var columns: @Sendable () -> Int
    /// Writes a text to the device, without adding anything.
    package var write: @Sendable (String) -> Void

    package init(columns: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void) {
      (self.columns, self.write) = (columns, write)
    }

    /// The standard output.
    ///
    /// mpirun gives each rank its own pseudo-terminal, which has no size if mpirun's output is not a terminal, and
    /// otherwise the size at the start. The current size is therefore read from the controlling terminal.
    package static let standardOutput = Terminal {
      let own = width(of: STDOUT_FILENO)
      guard own > 0, isatty(STDOUT_FILENO) == 1 else { return 0 }
      let controlling = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
      guard controlling >= 0 else { return own }
      defer { close(controlling) }
      let present = width(of: controlling)
      return present > 0 ? present : own
    } write: { text in
      let bytes = Array(text.utf8)
      _ = unsafe Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }

    private static func width(of descriptor: Int32) -> Int {
      var size = winsize()
      return unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
    }
  }

  private struct State: Sendable {
    var compose: (@Sendable (_ columns: Int) -> String)?
    /// The number of terminal columns for which the line was composed.
    var columns = 0
    var isShown = false
  }

  /// The control characters that move to the start of the line and erase everything after it, including wrapped
  /// leftovers.
  private static let erasing = "\r\u{1B}[J"
  /// The time in milliseconds between checks of the terminal's size, because mpirun does not forward the resize signal.
  private static let milliseconds = 200

  private let terminal: Terminal
  private let state = Mutex(State())

  /// Creates a line that is not shown yet; `nil` if the output is not a terminal.
  package init?(_ terminal: Terminal) {
    guard terminal.columns() > 0 else { return nil }
    self.terminal = terminal
    followRegularly()
  }

  /// Shows a line.
  ///
  /// - Parameter compose: Returns the line, shorter than the given number of columns; called again after the terminal
  ///   was resized.
  package func show(_ compose: @escaping @Sendable (_ columns: Int) -> String) {
    state.withLock { state in
      state.compose = compose
      draw(&state)
    }
  }

  /// Calls `print`, which prints other lines, so that they appear above the status line.
  package func printing(_ print: () -> Void) {
    state.withLock { state in
      if state.isShown {
        terminal.write(Self.erasing)
      }
      print()
      if state.isShown {
        draw(&state)
      }
    }
  }

  /// Erases the status line.
  package func end() {
    state.withLock { state in
      if state.isShown {
        terminal.write(Self.erasing)
      }
      state = State()
    }
  }

  /// Draws the line again if the terminal was resized.
  package func followSize() {
    state.withLock { state in
      if state.isShown, terminal.columns() != state.columns {
        draw(&state)
      }
    }
  }

  private func followRegularly() {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Self.milliseconds)) { [weak self] in
      guard let self else { return }
      followSize()
      followRegularly()
    }
  }

  private func draw(_ state: inout State) {
    guard let compose = state.compose else { return }
    state.columns = terminal.columns()
    state.isShown = true
    terminal.write(Self.erasing + compose(state.columns) + "\r")
  }
}
