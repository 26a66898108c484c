/// A detector of a rank that takes longer per shard (part of the batch) than the others, as on a throttled host.
package struct SlowRankWatch {
  /// The work of one rank on its shards (parts of the batch) over some steps.
  package struct Work: Sendable {
    package var seconds: Double
    /// The largest number of shards that one thread of the rank computed, one after the other.
    ///
    /// It may differ between ranks; only the seconds per shard are compared.
    package var turns: Double

    package init(seconds: Double, turns: Double) {
      (self.seconds, self.turns) = (seconds, turns)
    }
  }

  /// A rank that is slower than the other ranks.
  package struct SlowRank: Sendable, Equatable {
    package var rank: Int
    /// The slow rank's seconds per shard ÷ the median over all ranks.
    package var ratio: Double
    /// The number of steps over which the ranks were compared.
    package var steps: Int
    /// The seconds per step that a rank of median speed waits for the slow rank.
    package var waitSeconds: Double

    package init(rank: Int, ratio: Double, steps: Int, waitSeconds: Double) {
      (self.rank, self.ratio, self.steps, self.waitSeconds) = (rank, ratio, steps, waitSeconds)
    }
  }

  /// The smallest ratio to the median at which a rank counts as slow.
  private static let leastRatio = 1.3
  /// The smallest number of recent steps that are compared.
  private static let windowSteps = 200
  /// The fraction of the recent steps in which a rank must be slow to be named, and below which it has recovered.
  private static let (shareToName, shareToForget) = (2.0 / 3, 1.0 / 3)

  /// The comparison of the ranks over some consecutive steps.
  private struct Interval {
    let steps: Int
    /// The slowest rank, if its seconds per shard are at least ``leastRatio`` times the ranks' median; else `nil`.
    let rank: Int?
    /// The seconds per shard of the slowest rank, summed over the steps.
    let own: Double
    /// The median over the ranks of the seconds per shard, summed over the steps.
    let typical: Double
    /// The seconds that the other ranks waited for the slowest one.
    let excess: Double
  }

  /// The most recent intervals, which contain about 200 steps.
  private var window: [Interval] = []
  /// The rank that was last returned as slow and has not recovered; it is not returned again.
  private var named: Int?

  /// Creates a detector without observations.
  package init() {}

  /// Compares the ranks over some consecutive steps; returns a rank only once while it stays slow.
  ///
  /// - Parameters:
  ///   - work: The work of every rank, in rank order.
  ///   - count: The number of steps since the last comparison.
  /// - Returns: The rank, if it has been slow in most of the last 200 steps; else `nil`.
  package mutating func slowRank(_ work: [Work], steps count: Int) -> SlowRank? {
    // A rank without a shard, as in a last partial batch, cannot be compared.
    guard work.count > 1, work.allSatisfy({ work in work.turns > 0 }) else { return nil }
    window.append(Self.interval(work, steps: count))
    var steps = window.reduce(0) { sum, interval in sum + interval.steps }
    while let first = window.first, steps - first.steps >= Self.windowSteps {
      steps -= first.steps
      window.removeFirst()
    }
    if let rank = named, share(of: rank, in: steps) < Self.shareToForget {
      named = nil
    }
    guard steps >= Self.windowSteps,
      let rank = window.compactMap(\.rank).first(where: { rank in
        share(of: rank, in: steps) >= Self.shareToName
      }), rank != named
    else { return nil }
    named = rank
    let slow = window.filter { interval in interval.rank == rank }
    func sum(_ value: (Interval) -> Double) -> Double { slow.reduce(0) { sum, interval in sum + value(interval) } }
    return SlowRank(
      rank: rank, ratio: sum(\.own) / sum(\.typical), steps: steps,
      waitSeconds: sum(\.excess) / sum { interval in Double(interval.steps) })
  }

  /// Returns the fraction of the recent steps in which a rank was the slowest and counted as slow.
  private func share(of rank: Int, in steps: Int) -> Double {
    window.reduce(0) { sum, interval in sum + (interval.rank == rank ? Double(interval.steps) : 0) } / Double(steps)
  }

  private static func interval(_ work: [Work], steps: Int) -> Interval {
    let seconds = work.map { work in work.seconds / work.turns }
    let slowest = seconds.indices.reduce(0) { slowest, rank in seconds[rank] > seconds[slowest] ? rank : slowest }
    // The lower of two middle ones: of two ranks the faster.
    let median = seconds.sorted()[(seconds.count - 1) / 2]
    return Interval(
      steps: steps, rank: seconds[slowest] >= leastRatio * median ? slowest : nil,
      own: Double(steps) * seconds[slowest],
      typical: Double(steps) * median, excess: (seconds[slowest] - median) * work[slowest].turns)
  }
}
