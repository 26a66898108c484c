import Dispatch
import OneDNN
import ParallelLoops
import Synchronization

/// One parallel pass, forward or backward, of a rank's threads over its shards, the fixed parts of the global batch.
final class ShardPass: Sendable {
  /// The computation of one shard by one thread.
  typealias Body = (_ model: TrainingModel, _ shard: TrainingModel.ShardActivations, _ place: Place) throws -> Void

  /// The index of a shard among this rank's shards, and the thread that computes the shard.
  struct Place {
    let shard: Int
    let thread: Int
  }

  // Each model is used by one thread at a time, each shard's activations by one call of `body`: disjoint.
  private nonisolated(unsafe) let models: [TrainingModel]
  private nonisolated(unsafe) let shards: [TrainingModel.ShardActivations]
  private nonisolated(unsafe) let prepare: (_ model: TrainingModel, _ thread: Int) throws -> Void
  private nonisolated(unsafe) let body: Body
  private let queue: ShardQueue
  private let threads: Int
  private let firstError = Mutex<(any Error)?>(nil)
  private let background = DispatchGroup()

  /// True if the computation of a shard has thrown an error.
  var hasFailed: Bool { firstError.withLock { error in error != nil } }

  /// Creates a pass that has not started.
  ///
  /// - Parameters:
  ///   - models: The models, one for each thread, or for each shard.
  ///   - threads: The number of threads that compute at a time.
  ///   - shards: The shards.
  ///   - queue: The order of the shards.
  ///   - prepare: Called once for each model, before the first shard is computed.
  ///   - body: The computation of a shard.
  init(
    models: [TrainingModel], threads: Int, shards: [TrainingModel.ShardActivations], queue: consuming ShardQueue,
    prepare: @escaping (_ model: TrainingModel, _ thread: Int) throws -> Void, body: @escaping Body
  ) {
    unsafe self.models = models
    self.threads = threads
    unsafe self.shards = shards
    unsafe self.prepare = prepare
    unsafe self.body = body
    self.queue = queue
  }

  /// Runs the pass, with one thread per model, and waits until it has ended.
  ///
  /// - Throws: The first error of any thread, after all threads have ended.
  func run() throws {
    computeShards()
    try wait()
  }

  /// Starts the pass and returns at once.
  ///
  /// - Parameter completed: Called on another thread after the last shard.
  func start(completed: @escaping @Sendable () -> Void) {
    DispatchQueue.global(qos: .userInitiated).async(group: background) { [self] in
      computeShards()
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

  /// Runs the pass over all shards in lockstep: each has a model and a thread, which wait for each other at each
  /// BatchNorm layer.
  ///
  /// - Parameters:
  ///   - exchange: The exchange of BatchNorm statistics between the shards.
  ///   - serve: Computes the sums of the exchange, on the calling thread.
  /// - Throws: The first error of any thread, else the error of `serve`, after all threads have ended.
  func run(_ exchange: BatchNormExchange, serve: () throws -> Void) throws {
    prepareModels()
    guard !hasFailed else { return try wait() }
    for shard in 0..<queue.count {
      background.enter()
      startThread { [self] in
        defer { background.leave() }
        useOneThreadPerPrimitive()
        unsafe models[shard].batchNormGroup = exchange.group(ofShard: shard)
        do {
          try exchange.compute {
            unsafe try body(models[shard], shards[shard], Place(shard: shard, thread: shard))
          }
        } catch {
          note(error)
          exchange.fail()
        }
      }
    }
    let service = Result { try serve() }
    try wait()
    try service.get()
  }

  private func computeShards() {
    prepareModels()
    guard !hasFailed else { return }
    onEachThread { [self] thread in
      var turn = 0
      while let shard = queue.shard(ofThread: thread, turn: turn) {
        unsafe try body(models[thread], shards[shard], Place(shard: shard, thread: thread))
        turn += 1
      }
    }
  }

  private func prepareModels() {
    onEachThread { [self] thread in
      for index in unsafe stride(from: thread, to: models.count, by: threads) {
        unsafe try prepare(models[index], index)
      }
    }
  }

  private func onEachThread(_ work: @Sendable (_ thread: Int) throws -> Void) {
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      useOneThreadPerPrimitive()
      do {
        try work(thread)
      } catch {
        note(error)
      }
    }
  }

  private func note(_ error: any Error) {
    firstError.withLock { first in first = first ?? error }
  }
}
