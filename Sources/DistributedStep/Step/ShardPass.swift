import Dispatch
import OneDNN
import Synchronization

/// One parallel sweep over a rank's shards.
final class ShardPass: Sendable {
  /// The computation of one shard by one thread.
  typealias Body = (_ model: TrainingModel, _ shard: TrainingModel.ShardActivations, _ place: Place) throws -> Void

  /// A shard's number among those of this rank, and the thread that computes it.
  struct Place {
    let shard: Int
    let thread: Int
  }

  // Each model is used by one thread, each shard's activations by one call of `body`: disjoint.
  private nonisolated(unsafe) let models: [TrainingModel]
  private nonisolated(unsafe) let shards: [TrainingModel.ShardActivations]
  private nonisolated(unsafe) let prepare: (_ model: TrainingModel, _ thread: Int) throws -> Void
  private nonisolated(unsafe) let body: Body
  private let queue: ShardQueue
  private let firstError = Mutex<(any Error)?>(nil)
  private let background = DispatchGroup()

  /// True if a shard has failed.
  var hasFailed: Bool { firstError.withLock { error in error != nil } }

  /// A sweep, not yet begun.
  ///
  /// - Parameters:
  ///   - models: The models, one for each thread.
  ///   - shards: The shards.
  ///   - queue: Their order.
  ///   - prepare: Called by each thread; it has returned on all of them before the first shard is computed.
  ///   - body: The computation of a shard.
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

  /// Sweeps on as many threads as there are models.
  ///
  /// - Throws: The first error of any thread, after all have ended.
  func run() throws {
    sweep()
    try wait()
  }

  /// Starts the sweep and returns at once.
  ///
  /// - Parameter completed: Called on another thread after the last shard.
  func start(completed: @escaping @Sendable () -> Void) {
    DispatchQueue.global(qos: .userInitiated).async(group: background) { [self] in
      sweep()
      completed()
    }
  }

  /// Waits for the last shard.
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
