import Configuration
import Formats
import Glibc
import Job
import Synchronization

/// The handling of signals that end a command whose work cannot be saved: a message, and the exit code of a stop.
///
/// Training replaces these signal handlers by those of ``StopRequest``, which save the run.
enum Interruption {
  /// The address and length of the message, prepared in advance because a signal handler must not allocate memory.
  private static let address = Atomic<UInt>(0)
  private static let length = Atomic<Int>(0)

  /// Installs handlers for the signals that ask a program to end.
  ///
  /// - Parameters:
  ///   - command: The name of the subcommand.
  ///   - advice: The state of its output and what to do.
  ///   - rank: The rank of this process; only rank 0 prints.
  static func announce(_ command: String, advice: String, rank: Int) {
    TemporaryFiles.prepare()
    let text = Array(
      "Error: supcon \(command): stopped by a signal before it was done; \(advice)\n".utf8)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
    unsafe buffer.copyBytes(from: text)
    address.store(UInt(bitPattern: buffer.baseAddress), ordering: .relaxed)
    length.store(rank == 0 ? text.count : 0, ordering: .relaxed)
    for signal in StopRequest.heededSignals {
      _ = Glibc.signal(signal, endBySignal)
    }
  }

  /// Suppresses the message from now on, because the work is done and a launcher may stop ranks that have not exited
  /// yet.
  static func withdraw() {
    length.store(0, ordering: .relaxed)
  }

  /// Prints the message, removes unfinished files and ends the process; called by the signal handler, so it uses only
  /// async-signal-safe functions.
  fileprivate static func end() {
    let count = length.load(ordering: .relaxed)
    if count > 0 {
      _ = unsafe write(
        STDERR_FILENO, UnsafeRawPointer(bitPattern: address.load(ordering: .relaxed)), count)
    }
    TemporaryFiles.unlinkAll()
    _exit(ExitStatus.stopped.rawValue)
  }
}

private func endBySignal(_: Int32) {
  Interruption.end()
}
