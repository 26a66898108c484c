import Dispatch
import Formats
import Synchronization

/// A background writer of checkpoints, one at a time, while training continues.
///
/// If a save fails, earlier checkpoints are preserved, and the next save tries again.
package final class CheckpointWriter: Sendable {
  /// The files of a save.
  package enum Part: Sendable {
    /// A checkpoint from which a run can be resumed.
    case checkpoint
    /// The best checkpoint by a measure.
    case best
    /// The files beside a checkpoint that was written: summary, encoder, classifier.
    case results
  }

  /// A save that failed, or a part of one.
  package struct Failure: Sendable {
    package let part: Part
    package let step: Int
    package let error: FileError
  }

  private let queue = DispatchQueue(label: "checkpoints")
  private let failure = Mutex<Failure?>(nil)

  /// Creates a writer without a save in progress.
  package init() {}

  /// Waits for the previous save, writes the contents of a new one, and completes it in the background.
  ///
  /// A failure of the previous save that ``takeFailure()`` has not returned is lost.
  ///
  /// - Parameters:
  ///   - part: The part that fails if an error is thrown.
  ///   - step: The step after which the checkpoint is taken.
  ///   - prepare: Writes the contents, which may change after it returns.
  ///   - complete: Flushes and renames the file; called in the background. It returns the error of ``Part/results`` if
  ///     these could not be written.
  package func begin<Contents: Sendable>(
    _ part: Part, step: Int, prepare: () throws(FileError) -> Contents,
    complete: @escaping @Sendable (Contents) throws(FileError) -> FileError?
  ) {
    wait()
    do throws(FileError) {
      let contents = try prepare()
      queue.async { [self] in
        do throws(FileError) {
          if let error = try complete(contents) { note(Failure(part: .results, step: step, error: error)) }
        } catch {
          note(Failure(part: part, step: step, error: error))
        }
      }
    } catch {
      note(Failure(part: part, step: step, error: error))
    }
  }

  private func note(_ failed: Failure) {
    failure.withLock { failure in failure = failed }
  }

  /// Returns the failure of the last save that has ended; `nil` if it succeeded or its failure was returned before.
  package func takeFailure() -> Failure? { failure.withLock { failure in failure.take() } }

  /// Waits until the last save has ended, even if it failed.
  package func wait() {
    queue.sync {}
  }
}
