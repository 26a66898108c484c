import Dispatch
import OneDNN
import Synchronization

/// One parallel pass of a rank's threads over its shards: forward or backward.
final class ShardPass: Sendable {
  /// The computation of one shard by one thread.
  typealias Body = (_ model: TrainingModel, _ shard: TrainingModel.ShardActivations, _ place: Place) throws -> Void

  /// A shard's index among those of this rank, and the thread that computes it.
  struct Place {
    let shard: Int
    let thread: Int
  }

  // Safe: each model is used by one thread only, and each shard's activations by one call of `body`.
  private nonisolated(unsafe) let models: [TrainingModel]
  private nonisolated(unsafe) let shards: [TrainingModel.ShardActivations]
  private nonisolated(unsafe) let prepare: (_ model: TrainingModel, _ thread: Int) throws -> Void
  private nonisolated(unsafe) let body: Body
  private let queue: ShardQueue
  private let firstError = Mutex<(any Error)?>(nil)
  private let background = DispatchGroup()

  /// True if the computation of a shard has thrown an error.
  var hasFailed: Bool { firstError.withLock { error in error != nil } }

  /// Creates a pass that has not started.
  ///
  /// - Parameters:
  ///   - models: The models, one per thread.
  ///   - shards: The activations of the shards.
  ///   - queue: The order of the shards.
  ///   - prepare: Called once by each thread; all calls have returned before the first shard is computed.
  ///   - body: The computation of one shard.
  init(
    models: [TrainingModel], shards: [TrainingModel.ShardActivations], queue: consuming ShardQueue,
    prepare: @escaping (_ model: TrainingModel, _ thread: Int) throws -> Void, body: @escaping Body
  ) {
    unsafe self.models = models
    unsafe self.shards = shards
    unsafe self.prepare = prepare
    unsafe self.body = body
    self.queue = queue
  }

  /// Runs the pass, with one thread per model, and waits for its end.
  ///
  /// - Throws: The first error of any thread, after all threads have ended.
  func run() throws {
    sweep()
    try wait()
  }

  /// Starts the pass and returns at once.
  ///
  /// - Parameter completed: Called on another thread after the last shard.
  func start(completed: @escaping @Sendable () -> Void) {
    DispatchQueue.global(qos: .userInitiated).async(group: background) { [self] in
      sweep()
      completed()
    }
  }

  /// Waits for the last shard of a started pass.
  ///
  /// - Throws: The first error of any thread.
  func wait() throws {
    background.wait()
    if let error = firstError.withLock({ error in error }) {
      throw error
    }
  }

  private func sweep() {
    onEachThread { [self] model, thread in unsafe try prepare(model, thread) }
    guard !hasFailed else { return }
    onEachThread { [self] model, thread in
      var turn = 0
      while let shard = queue.shard(ofThread: thread, turn: turn) {
        unsafe try body(model, shards[shard], Place(shard: shard, thread: thread))
        turn += 1
      }
    }
  }

  private func onEachThread(_ work: @Sendable (_ model: TrainingModel, _ thread: Int) throws -> Void) {
    let threadCount = unsafe models.count
    DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
      useOneThreadPerPrimitive()
      do {
        unsafe try work(models[thread], thread)
      } catch {
        firstError.withLock { first in first = first ?? error }
      }
    }
  }
}
