import Synchronization

/// The order in which threads compute shards, the fixed parts of the global batch.
///
/// By default, an idle thread takes the next shard. If activations are recomputed, shards are assigned round-robin, so
/// that each thread begins the backward pass with the shard whose activations are still in its buffer.
struct ShardQueue: ~Copyable {
  let count: Int
  let threads: Int
  let isReversed: Bool
  let isRoundRobin: Bool
  private let taken = Atomic(0)

  init(count: Int, threads: Int, isReversed: Bool, isRoundRobin: Bool) {
    self.count = count
    self.threads = threads
    self.isReversed = isReversed
    self.isRoundRobin = isRoundRobin
  }

  /// Returns the index of the next shard for a thread that has computed `turn` shards; `nil` if none is left.
  func shard(ofThread thread: Int, turn: Int) -> Int? {
    guard isRoundRobin else {
      let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      return place < count ? (isReversed ? count - 1 - place : place) : nil
    }
    let turns = (count - thread + threads - 1) / threads
    return turn < turns ? (isReversed ? turns - 1 - turn : turn) * threads + thread : nil
  }
}
