import Dispatch
import Formats
import Synchronization

/// A background writer of checkpoints, one at a time, while training continues.
///
/// If a save fails, earlier checkpoints are preserved, and the next save tries again.
package final class CheckpointWriter: Sendable {
  /// A save of a checkpoint that failed.
  package struct Failure {
    package let step: Int
    package let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// Creates a writer without a save in progress.
  package init() {}

  /// Waits for the previous save, writes the contents of a new one, and completes it in the background.
  ///
  /// - Parameters:
  ///   - step: The step after which the checkpoint is taken.
  ///   - prepare: Writes the contents, which may change after it returns.
  ///   - complete: Flushes and renames the file; called in the background.
  /// - Returns: The failure of the previous save; `nil` if it succeeded.
  package func begin<Contents: Sendable>(
    step: Int, prepare: () throws(FileError) -> Contents,
    complete: @escaping @Sendable (Contents) throws(FileError) -> Void
  ) -> Failure? {
    wait()
    let previous = failure.withLock { failure in failure.take() }
    do throws(FileError) {
      let contents = try prepare()
      start(step) { () throws(FileError) in try complete(contents) }
    } catch {
      note(step, error)
    }
    return previous
  }

  private func start(_ step: Int, _ save: @escaping @Sendable () throws(FileError) -> Void) {
    queue.async { [self] in
      do throws(FileError) {
        try save()
      } catch {
        note(step, error)
      }
    }
  }

  private func note(_ step: Int, _ error: FileError) {
    failure.withLock { failure in failure = Failure(step: step, error: error) }
  }

  /// Waits until the last save has ended, even if it failed.
  package func wait() {
    queue.sync {}
  }

  /// Waits for the last save, and throws its error.
  ///
  /// - Throws: The error of that save.
  package func finish() throws(FileError) {
    wait()
    if let failure = failure.withLock({ failure in failure.take() }) {
      throw failure.error
    }
  }
}
