import Dispatch
import OneDNN
import Synchronization

/// One walk over a rank's shards.
final class ShardPass: Sendable {
  // Each model is used by one thread, each pass by one shard's call of `body`: disjoint.
  private nonisolated(unsafe) let models: [TrainingModel]
  private nonisolated(unsafe) let passes: [TrainingModel.ShardPass]
  private nonisolated(unsafe) let prepare: (TrainingModel) throws -> Void
  private nonisolated(unsafe) let body: (TrainingModel, TrainingModel.ShardPass, Int) throws -> Void
  private let queue: ShardQueue
  private let firstError = Mutex<(any Error)?>(nil)

  /// The first error of any thread.
  var error: (any Error)? { firstError.withLock { error in error } }

  package init(
    models: [TrainingModel], passes: [TrainingModel.ShardPass], queue: consuming ShardQueue,
    prepare: @escaping (TrainingModel) throws -> Void,
    body: @escaping (TrainingModel, TrainingModel.ShardPass, Int) throws -> Void
  ) {
    unsafe self.models = models
    unsafe self.passes = passes
    unsafe self.prepare = prepare
    unsafe self.body = body
    self.queue = queue
  }

  /// Walks on as many threads as there are models.
  func run() {
    let threadCount = unsafe models.count
    DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
      useOneThreadPerPrimitive()
      do {
        unsafe try prepare(models[thread])
        var turn = 0
        while let shard = queue.shard(ofThread: thread, turn: turn) {
          unsafe try body(models[thread], passes[shard], shard)
          turn += 1
        }
      } catch {
        firstError.withLock { first in first = first ?? error }
      }
    }
  }
}

/// Which shard a thread computes next.
///
/// Whoever is free takes one; but where activations are computed again, threads take turns, so that each begins its backward passes with
/// the shard whose activations it still has.
struct ShardQueue: ~Copyable {
  let count: Int
  let threads: Int
  let isReversed: Bool
  let takesTurns: Bool
  private let taken = Atomic(0)

  package init(count: Int, threads: Int, isReversed: Bool, takesTurns: Bool) {
    self.count = count
    self.threads = threads
    self.isReversed = isReversed
    self.takesTurns = takesTurns
  }

  /// The shard for a thread that has computed `turn` shards; `nil` when there are no more.
  func shard(ofThread thread: Int, turn: Int) -> Int? {
    guard takesTurns else {
      let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      return place < count ? (isReversed ? count - 1 - place : place) : nil
    }
    let turns = (count - thread + threads - 1) / threads
    return turn < turns ? (isReversed ? turns - 1 - turn : turn) * threads + thread : nil
  }
}
