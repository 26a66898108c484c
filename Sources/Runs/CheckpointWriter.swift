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

  /// Writes the contents of a save at once, after the previous save has ended, and completes it in the background.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - prepare: Writes what must not change meanwhile.
  ///   - complete: Flushes it and gives it its names.
  /// - Returns: The failure of the previous save, if any.
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
