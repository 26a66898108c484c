import Dispatch
import Formats
import Synchronization

/// A background writer of checkpoints, one at a time, while training continues.
///
/// If a save fails, earlier checkpoints are preserved, and the next save tries again.
package final class CheckpointWriter: Sendable {
  /// A save of a checkpoint that failed.
  package struct Failure {
    /// The file that could not be written, such as "checkpoint".
    package let contents: String
    package let step: Int
    package let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// Creates a writer without a save in progress.
  package init() {}

  /// Waits for the previous save, writes the contents of a new one, and completes it in the background.
  ///
  /// A failure of the previous save that ``settle()`` has not returned is lost.
  ///
  /// - Parameters:
  ///   - name: What is written, for messages.
  ///   - step: The step after which the checkpoint is taken.
  ///   - prepare: Writes the contents, which may change after it returns.
  ///   - complete: Flushes and renames the file; called in the background.
  package func begin<Contents: Sendable>(
    _ name: String, step: Int, prepare: () throws(FileError) -> Contents,
    complete: @escaping @Sendable (Contents) throws(FileError) -> Void
  ) {
    wait()
    do throws(FileError) {
      let contents = try prepare()
      queue.async { [self] in
        do throws(FileError) {
          try complete(contents)
        } catch {
          note(Failure(contents: name, step: step, error: error))
        }
      }
    } catch {
      note(Failure(contents: name, step: step, error: error))
    }
  }

  private func note(_ failed: Failure) {
    failure.withLock { failure in failure = failed }
  }

  /// Waits until the last save has ended, and returns its failure; `nil` if it succeeded or was returned before.
  package func settle() -> Failure? {
    wait()
    return failure.withLock { failure in failure.take() }
  }

  /// Waits until the last save has ended, even if it failed.
  package func wait() {
    queue.sync {}
  }

  /// Waits for the last save, and throws its error.
  ///
  /// - Throws: The error of that save.
  package func finish() throws(FileError) {
    if let failure = settle() {
      throw failure.error
    }
  }
}
