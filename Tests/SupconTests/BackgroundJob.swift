import Foundation
import Synchronization
import TestSupport

/// A job that runs while the test does something else.
final class BackgroundJob: Sendable {
  private let outcome = Mutex<Result<ProcessResult, any Error>?>(nil)
  private let ended = DispatchSemaphore(value: 0)

  private let started = Mutex<Int32?>(nil)

  /// The number of its process, or of its launcher's, once it runs.
  var processIdentifier: Int32? { started.withLock { number in number } }

  /// Starts it on a thread of its own, alone or under `mpirun`.
  init(ranks: Int = 1, _ executable: String, _ arguments: [String], timeoutSeconds: Int = 120) {
    Thread.detachNewThread { [self] in
      let onStart = { (number: Int32) in self.started.withLock { started in started = number } }
      let result = Result {
        ranks == 1
          ? try runProcess(executable, arguments, timeoutSeconds: timeoutSeconds, onStart: onStart)
          : try runUnderMPI(
            ranks: ranks, executable, arguments, timeoutSeconds: timeoutSeconds, graceSeconds: 1, onStart: onStart)
      }
      outcome.withLock { outcome in outcome = result }
      ended.signal()
    }
  }

  /// Waits for its end.
  func result() throws -> ProcessResult {
    ended.wait()
    guard let result = outcome.withLock({ outcome in outcome }) else {
      throw UnexpectedEnd(description: "a job that ended without a result")
    }
    return try result.get()
  }
}
