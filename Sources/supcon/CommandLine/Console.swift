import Configuration
import Glibc
import Job
import MPI
import Synchronization

/// The standard output and standard error; used on rank 0 only, except for the failure of a single rank.
enum Console {
  /// The system error number of the first failed write to the standard output; 0 if there was none.
  private static let outputFailure = Atomic<Int32>(0)

  /// Prints a line to the standard output without buffering, even to a pipe or file.
  ///
  /// If the output cannot be written, the run is asked to stop, so that it is saved; see ``exitCode(_:)``.
  ///
  /// - Returns: True if the line was written.
  @discardableResult
  static func line(_ text: String) -> Bool {
    let code = write(text + "\n", to: STDOUT_FILENO)
    guard code != 0 else { return true }
    if outputFailure.compareExchange(expected: 0, desired: code, ordering: .relaxed).exchanged {
      error("Error: the standard output cannot be written: \(unsafe String(cString: strerror(code)))")
    }
    StopRequest.ask()
    return false
  }

  /// Returns the program's exit code: 74 instead of success if the standard output could not be written.
  static func exitCode(_ code: Int32) -> Int32 {
    code == ExitStatus.success.rawValue && outputFailure.load(ordering: .relaxed) != 0
      ? ExitStatus.inputOutput.rawValue : code
  }

  /// Ignores SIGPIPE and SIGXFSZ, so that a failed write returns an error and does not end the process unsaved.
  ///
  /// The signals are sent on a write to a closed pipe, or beyond the limit of a file's size (`ulimit -f`).
  static func ignoreFailedWrites() {
    for write in [SIGPIPE, SIGXFSZ] {
      _ = signal(write, SIG_IGN)
    }
  }

  /// Opens closed standard streams as `/dev/null`, because a run's file could otherwise get the descriptor of one.
  static func reserveClosedStreams() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // Opened for reading, so that writing fails as for a closed stream. The system assigns the lowest free number.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// Returns a reporter that prints lines to the standard output on rank 0, errors to the standard error, and drops all
  /// lines of other ranks.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - verbosity: The amount of output; with `quiet`, only warnings and errors are printed.
  /// - Returns: The reporter.
  static func reporter(of world: borrowing Communicator, _ verbosity: Verbosity = .normal) -> Reporter {
    guard world.isRoot else { return .silent }
    return Reporter(showsProgress: verbosity != .quiet) { kind, text in
      switch kind {
      case .outcome:
        if verbosity != .quiet || outputFailure.load(ordering: .relaxed) != 0, !line(text) {
          error(text)
        }
      case .plain, .note:
        if verbosity != .quiet {
          line(text)
        }
      case .warning: line(text)
      case .error: error(text)
      }
    }
  }

  /// Returns a reporter that prints all lines to the standard error on rank 0, for commands whose results are the
  /// standard output.
  static func errorReporter(of world: borrowing Communicator) -> Reporter {
    world.isRoot ? Reporter { _, text in error(text) } : .silent
  }

  /// Prints a line to the standard error.
  static func error(_ text: String) {
    write(text + "\n", to: STDERR_FILENO)
  }

  /// Writes a text to a file descriptor.
  ///
  /// - Returns: The system error number, or 0.
  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { rest in
        unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if count > 0 {
        written += count
      } else if errno == EAGAIN {
        usleep(1000)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
