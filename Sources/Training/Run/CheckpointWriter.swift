import Dispatch
import Formats
import Synchronization

/// Writes checkpoints on a thread of its own while training goes on, one at a time.
///
/// A save that fails costs the run nothing but that checkpoint: those before it stay, and the next save tries again.
final class CheckpointWriter: Sendable {
  /// A save that failed.
  struct Failure {
    let step: Int
    let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// Begins to write what belongs to a step, once the save before has ended.
  func begin(step: Int, _ save: @escaping @Sendable () throws(FileError) -> Void) {
    queue.sync {}
    queue.async { [self] in
      do throws(FileError) {
        try save()
      } catch {
        failure.withLock { failure in failure = Failure(step: step, error: error) }
      }
    }
  }

  /// The save that failed since the last call, if one did.
  func takeFailure() -> Failure? {
    failure.withLock { failure in failure.take() }
  }

  /// Waits for the last save.
  ///
  /// - Throws: The error with which it failed.
  func finish() throws(FileError) {
    queue.sync {}
    if let failure = takeFailure() {
      throw failure.error
    }
  }
}
