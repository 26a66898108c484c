import Dispatch
import Formats
import Synchronization

/// Writes checkpoints on a thread of its own while training goes on, one at a time.
///
/// A save that fails costs the run nothing but that checkpoint: those before it stay, and the next save tries again.
package final class CheckpointWriter: Sendable {
  /// A save that failed.
  package struct Failure {
    package let step: Int
    package let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// A writer that has nothing to write yet.
  package init() {}

  /// Begins to write what belongs to a step, once the save before has ended.
  ///
  /// - Returns: The save before, if it failed.
  package func begin(step: Int, _ save: @escaping @Sendable () throws(FileError) -> Void) -> Failure? {
    queue.sync {}
    defer { start(step, save) }
    return failure.withLock { failure in failure.take() }
  }

  private func start(_ step: Int, _ save: @escaping @Sendable () throws(FileError) -> Void) {
    queue.async { [self] in
      do throws(FileError) {
        try save()
      } catch {
        failure.withLock { failure in failure = Failure(step: step, error: error) }
      }
    }
  }

  /// Waits for the last save.
  package func wait() {
    queue.sync {}
  }

  /// Waits for the last save.
  ///
  /// - Throws: The error with which it failed.
  package func finish() throws(FileError) {
    wait()
    if let failure = failure.withLock({ failure in failure.take() }) {
      throw failure.error
    }
  }
}
