import Configuration
import Glibc
import Job
import Synchronization

/// The end of a command by a signal, where nothing can be saved: a sentence instead of silence, and the exit code of a stop.
///
/// Training replaces these handlers by those of ``StopRequest``, which save the run.
enum Interruption {
  /// The address and length of the sentence, kept for the signal handler, which must not allocate.
  private static let address = Atomic<UInt>(0)
  private static let length = Atomic<Int>(0)

  /// Installs the handlers of the signals that ask a program to end.
  ///
  /// - Parameters:
  ///   - command: The name of the subcommand.
  ///   - rank: The rank of this process; only rank 0 prints.
  static func announce(_ command: String, rank: Int) {
    let text = Array(
      "Error: supcon \(command): stopped by a signal before it was done; no result was stored: start it again\n".utf8)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
    unsafe buffer.copyBytes(from: text)
    address.store(UInt(bitPattern: buffer.baseAddress), ordering: .relaxed)
    length.store(rank == 0 ? text.count : 0, ordering: .relaxed)
    for signal in StopRequest.heededSignals {
      _ = Glibc.signal(signal, endBySignal)
    }
  }

  /// Ends the process without a sentence from now on: the work has ended, and a launcher stops the ranks that have not left yet.
  static func withdraw() {
    length.store(0, ordering: .relaxed)
  }

  /// Ends the process; called by the signal handler, so it uses only async-signal-safe functions.
  fileprivate static func end() {
    let count = length.load(ordering: .relaxed)
    if count > 0 {
      _ = unsafe write(
        STDERR_FILENO, UnsafeRawPointer(bitPattern: address.load(ordering: .relaxed)), count)
    }
    _exit(ExitStatus.stopped.rawValue)
  }
}

private func endBySignal(_: Int32) {
  Interruption.end()
}
