import Dispatch
import Glibc
import Synchronization

/// The last line of a terminal, rewritten in place while other lines scroll above it.
///
/// The cursor rests at the start of the line. After the terminal was resized, the line is composed anew; what a narrower terminal had wrapped
/// is erased with it. May be used from any thread.
@safe
package final class StatusLine: Sendable {
  /// The output of a terminal.
  package struct Terminal: Sendable {
    /// The current number of columns; 0 if the output is no terminal.
    package var columns: @Sendable () -> Int
    /// Writes a text as it is.
    package var write: @Sendable (String) -> Void

    package init(columns: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void) {
      (self.columns, self.write) = (columns, write)
    }

    /// The standard output.
    ///
    /// mpirun gives each rank a terminal of its own, without a size if its own output is none, and of the size at the start if it is one: the
    /// present size is that of the controlling terminal.
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
    /// The number of columns for which the line was composed.
    var columns = 0
    var isShown = false
  }

  /// Moves to the start of the line and erases from there on, with all that a narrower terminal has wrapped.
  private static let erasing = "\r\u{1B}[J"
  /// The time between looks at the size of the terminal, which under mpirun is not signaled.
  private static let milliseconds = 200

  private let terminal: Terminal
  private let state = Mutex(State())

  /// Creates a line that is not shown yet; `nil` if the output is no terminal.
  package init?(_ terminal: Terminal) {
    guard terminal.columns() > 0 else { return nil }
    self.terminal = terminal
    followRegularly()
  }

  /// Shows a line.
  ///
  /// - Parameter compose: Returns the line for a number of columns, shorter than them; called again after the terminal was resized.
  package func show(_ compose: @escaping @Sendable (_ columns: Int) -> String) {
    state.withLock { state in
      state.compose = compose
      draw(&state)
    }
  }

  /// Prints other lines above the line.
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

  /// Removes the line.
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
