import Dispatch
import Formats
import Synchronization

/// A background writer of checkpoints, one at a time, while training continues.
///
/// A failed save loses only that checkpoint: earlier ones are kept, and the next save tries again.
package final class CheckpointWriter: Sendable {
  /// A failed save.
  package struct Failure {
    package let step: Int
    package let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// Creates an idle writer.
  package init() {}

  /// Starts the save of a step in the background, once the previous save has ended.
  ///
  /// - Returns: The failure of the previous save, if any.
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
  /// - Throws: The error of that save.
  package func finish() throws(FileError) {
    wait()
    if let failure = failure.withLock({ failure in failure.take() }) {
      throw failure.error
    }
  }
}
