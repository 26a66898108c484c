import Glibc
import Synchronization

/// A command from a rank's main thread to its watchdog thread.
enum Command: Sendable {
  /// On rank 0: accepts connections of the other ranks' watchdogs.
  case lead(listener: Int32, token: String)
  /// On other ranks: reports to rank 0 over a connection.
  case follow(descriptor: Int32)
  /// Says goodbye to the other watchdogs and ends the thread.
  case end
}

/// A queue of commands to the watchdog thread, which is woken through a pipe.
final class Commands: Sendable {
  /// The reading end of the pipe, readable while commands are waiting.
  let wakePipe: Int32

  private let writingEnd: Int32
  private let waiting = Mutex<[Command]>([])

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(unsafe pipe(&ends) == 0, "pipe failed with errno \(errno)")
    (wakePipe, writingEnd) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
  }

  deinit {
    close(wakePipe)
    close(writingEnd)
  }

  /// Adds a command and wakes the watchdog thread.
  func send(_ command: Command) {
    waiting.withLock { waiting in waiting.append(command) }
    _ = unsafe write(writingEnd, [1 as UInt8], 1)
  }

  /// Removes and returns all commands.
  func take() -> [Command] {
    var signals = [UInt8](repeating: 0, count: 64)
    _ = unsafe read(wakePipe, &signals, signals.count)
    return waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
