import Synchronization

/// The order in which threads compute shards.
///
/// A free thread takes the next shard. Where activations are recomputed, threads take turns instead, so that each begins its backward
/// passes with the shard whose activations it still holds.
struct ShardQueue: ~Copyable {
  let count: Int
  let threads: Int
  let isReversed: Bool
  let takesTurns: Bool
  private let taken = Atomic(0)

  init(count: Int, threads: Int, isReversed: Bool, takesTurns: Bool) {
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
