import Job
import MPI
import Runs

/// The seconds per shard (fixed part of the global batch) of all ranks, compared at logged steps to find a slow host.
package struct RankPace {
  /// A slow rank and its host.
  package struct NamedRank {
    package var rank: SlowRankWatch.SlowRank
    package var host: String

    package init(rank: SlowRankWatch.SlowRank, host: String) {
      (self.rank, self.host) = (rank, host)
    }
  }

  private var watch = SlowRankWatch()
  private var steps = 0
  private var own = SlowRankWatch.Work(seconds: 0, turns: 0)

  /// Creates a value without steps.
  package init() {}

  /// Adds a step of this rank.
  ///
  /// - Parameters:
  ///   - seconds: The seconds of this rank's work on its shards.
  ///   - turns: The largest number of shards that one thread of this rank computed, one after the other.
  package mutating func add(seconds: Double, turns: Int) {
    steps += 1
    own.seconds += seconds
    own.turns += Double(turns)
  }

  /// Compares the ranks over the steps since the last comparison, and returns the rank that is slow, if any.
  ///
  /// Collective; gathers two numbers of each rank.
  ///
  /// - Returns: The rank to report as slow, the same on all ranks, or `nil`.
  /// - Throws: `MPIError` if a gather fails.
  package mutating func slowRank(over world: borrowing Communicator) throws(MPIError) -> NamedRank? {
    defer { (steps, own) = (0, SlowRankWatch.Work(seconds: 0, turns: 0)) }
    guard world.size > 1 else { return nil }
    let mine = [own.seconds, own.turns]
    var all = [Double](repeating: 0, count: 2 * world.size)
    try world.allGather(mine.span, into: &all)
    let work = (0..<world.size).map { rank in SlowRankWatch.Work(seconds: all[2 * rank], turns: all[2 * rank + 1]) }
    // All ranks compare the same numbers, so all go on to the names of their hosts or none does.
    guard let slow = watch.slowRank(work, steps: steps) else { return nil }
    return NamedRank(rank: slow, host: try world.allGather(text: hostName())[slow.rank])
  }
}
