import Dispatch
import NeuralNet
import Synchronization

/// The exchange between a rank's shards at each BatchNorm layer: each shard adds a vector and receives its group's sum.
///
/// Every shard has a thread of its own, but no more compute at a time than the rank has threads; the others wait. The
/// sums are computed by the thread that calls MPI (``serve(_:_:)``).
final class BatchNormExchange: Sendable {
  private struct State {
    var vectors: [[Double]]
    var sums: [[Double]]
    var arrivedCount = 0
    var hasFailed = false
  }

  /// The BatchNorm group as seen by one shard; the exchange computes its sums.
  private final class ShardGroup: BatchNormGroup {
    private let exchange: BatchNormExchange
    private let shard: Int

    init(_ exchange: BatchNormExchange, _ shard: Int) {
      self.exchange = exchange
      self.shard = shard
    }

    func sum(_ vector: [Double]) -> [Double] { exchange.sum(vector, of: shard) }
  }

  private let shardCount: Int
  private let state: Mutex<State>
  /// The semaphore that limits the number of shards that compute at a time.
  private let processors = DispatchSemaphore(value: 0)
  private let allArrived = DispatchSemaphore(value: 0)
  /// For each shard, the semaphore that signals that its sum is available.
  private let summed: [DispatchSemaphore]

  /// Creates an exchange for one pass.
  ///
  /// - Parameters:
  ///   - shards: The number of this rank's shards in the batch.
  ///   - threads: The number of shards that compute at a time.
  init(shards: Int, threads: Int) {
    shardCount = shards
    let nothing = [[Double]](repeating: [], count: shards)
    state = Mutex(State(vectors: nothing, sums: nothing))
    summed = (0..<shards).map { _ in DispatchSemaphore(value: 0) }
    for _ in 0..<threads {
      processors.signal()
    }
  }

  /// Returns the BatchNorm group of a shard, for its model.
  func group(ofShard shard: Int) -> any BatchNormGroup { ShardGroup(self, shard) }

  /// Runs the computation of a shard on the calling thread, once a processor is free.
  func compute<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    processors.wait()
    defer { processors.signal() }
    try body()
  }

  /// Contributes a shard's vector and returns the sum over its group when all shards have contributed; if a shard has
  /// failed, returns the vector itself at once.
  private func sum(_ vector: [Double], of shard: Int) -> [Double] {
    let (isWaiting, isLast) = state.withLock { state in
      guard !state.hasFailed else { return (false, false) }
      state.vectors[shard] = vector
      state.arrivedCount += 1
      return (true, state.arrivedCount == shardCount)
    }
    guard isWaiting else { return vector }
    processors.signal()
    if isLast {
      allArrived.signal()
    }
    summed[shard].wait()
    processors.wait()
    return state.withLock { state in state.hasFailed ? vector : state.sums[shard] }
  }

  /// Sums the vectors of all shards at one BatchNorm layer after the other, until a shard has failed.
  ///
  /// - Parameters:
  ///   - counts: The length of the vectors at each layer, in the order of the pass.
  ///   - sum: Returns, for each of this rank's shards, the sum over the shard's group.
  /// - Throws: The error of `sum`.
  func serve(_ counts: [Int], _ sum: (_ vectors: [[Double]], _ count: Int) throws -> [[Double]]) throws {
    for count in counts {
      if shardCount > 0 {
        allArrived.wait()
      }
      let vectors: [[Double]]? = state.withLock { state in
        state.arrivedCount = 0
        return state.hasFailed ? nil : state.vectors
      }
      guard let vectors else { return }
      do {
        let sums = try sum(vectors, count)
        state.withLock { state in state.sums = sums }
      } catch {
        fail()
        throw error
      }
      for shard in summed {
        shard.signal()
      }
    }
  }

  /// Releases all waiting threads after a shard has failed and cannot contribute any more.
  func fail() {
    state.withLock { state in state.hasFailed = true }
    allArrived.signal()
    for shard in summed {
      shard.signal()
    }
  }
}
