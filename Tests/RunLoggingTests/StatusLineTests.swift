import Job
import RunLogging
import Synchronization
import Testing

/// A terminal that wraps long lines, with the two controls that a status line uses.
private final class FakeTerminal: Sendable {
  private struct State {
    var columns: Int
    var rows = [""]
    var row = 0
    var column = 0
  }

  private let state: Mutex<State>

  init(columns: Int) {
    state = Mutex(State(columns: columns))
  }

  var columns: Int { state.withLock { state in state.columns } }
  /// The rows without the empty ones at the end.
  var rows: [String] {
    state.withLock { state in
      Array(state.rows.reversed().drop { row in row.isEmpty }.reversed())
    }
  }
  var terminal: StatusLine.Terminal {
    StatusLine.Terminal {
      self.columns
    } write: { text in
      self.write(text)
    }
  }

  /// Makes the terminal narrower or wider; rows that are now too long are wrapped, as terminals with reflow do.
  func resize(to columns: Int) {
    state.withLock { state in
      state.columns = columns
      var (rows, row) = ([String](), 0)
      for (index, text) in state.rows.enumerated() {
        if index == state.row {
          row = rows.count
        }
        rows.append(String(text.prefix(columns)))
        var rest = text.dropFirst(columns)
        while !rest.isEmpty {
          rows.append(String(rest.prefix(columns)))
          rest = rest.dropFirst(columns)
        }
      }
      (state.rows, state.row) = (rows, row)
    }
  }

  func write(_ text: String) {
    state.withLock { state in
      var letters = Array(text)[...]
      while let letter = letters.popFirst() {
        switch letter {
        case "\r": state.column = 0
        case "\n":
          (state.row, state.column) = (state.row + 1, 0)
          if state.row == state.rows.count {
            state.rows.append("")
          }
        case "\u{1B}":
          letters = letters.dropFirst(2)
          state.rows[state.row] = String(state.rows[state.row].prefix(state.column))
          state.rows.removeSubrange((state.row + 1)...)
        default:
          if state.column == state.columns {
            state.rows.insert("", at: state.row + 1)
            (state.row, state.column) = (state.row + 1, 0)
          }
          var row = Array(state.rows[state.row])
          row.replaceSubrange(state.column..<min(state.column + 1, row.count), with: [letter])
          state.rows[state.row] = String(row)
          state.column += 1
        }
      }
    }
  }
}

/// The last line of a terminal.
struct StatusLineTests {
  private let screen = FakeTerminal(columns: 40)

  /// A text of one column less than the terminal has.
  private func filling(_ letter: String) -> @Sendable (Int) -> String {
    { columns in String(repeating: letter, count: columns - 1) }
  }

  @Test func `a line is rewritten, and others stand above it`() throws {
    let line = try #require(StatusLine(screen.terminal))
    line.show(filling("a"))
    line.show { _ in "short" }
    #expect(screen.rows == ["short"])
    line.printing { screen.write("epoch 1\n") }
    line.show(filling("b"))
    line.printing { screen.write("epoch 2\n") }
    #expect(screen.rows == ["epoch 1", "epoch 2", String(repeating: "b", count: 39)])
    line.end()
    #expect(screen.rows == ["epoch 1", "epoch 2"])
    line.printing { screen.write("done\n") }
    #expect(screen.rows == ["epoch 1", "epoch 2", "done"])
  }

  @Test(arguments: [20, 13, 80]) func `a resized terminal has one line still`(columns: Int) throws {
    let line = try #require(StatusLine(screen.terminal))
    line.printing { screen.write("epoch 1\n") }
    line.show(filling("a"))
    screen.resize(to: columns)
    line.followSize()
    #expect(screen.rows == ["epoch 1", String(repeating: "a", count: columns - 1)])
  }

  @Test func `a file or pipe, or a quiet run, has no line`() {
    #expect(StatusLine(FakeTerminal(columns: 0).terminal) == nil)
    let quiet = RunConsole(.quiet, terminal: screen.terminal, report: .silent)
    #expect(quiet.statusLine == nil && screen.rows.isEmpty)
    let normal = RunConsole(.normal, terminal: screen.terminal, report: .silent)
    #expect(normal.statusLine != nil)
  }
}
