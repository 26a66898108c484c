import Foundation
import Synchronization
import TestSupport

/// A job that runs while the test does something else.
final class BackgroundJob: Sendable {
  private let outcome = Mutex<Result<ProcessResult, any Error>?>(nil)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts it on a thread of its own.
  init(_ executable: String, _ arguments: [String], timeoutSeconds: Int = 120) {
    Thread.detachNewThread { [self] in
      let result = Result { try runProcess(executable, arguments, timeoutSeconds: timeoutSeconds) }
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
