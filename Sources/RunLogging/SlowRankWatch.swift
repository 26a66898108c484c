/// Detects a rank whose shards take longer than those of the others for many steps, such as one on a throttled host.
package struct SlowRankWatch {
  /// The work of one rank on its shards over some steps.
  package struct Work: Sendable {
    package var seconds: Double
    /// The shards that its threads computed one after the other. Ranks may have different numbers, which makes none of them slow.
    package var turns: Double

    package init(seconds: Double, turns: Double) {
      (self.seconds, self.turns) = (seconds, turns)
    }
  }

  /// A rank that is slower than the others.
  package struct SlowRank: Sendable, Equatable {
    package var rank: Int
    /// Its seconds for a shard ÷ the median over the ranks.
    package var ratio: Double
    /// The number of steps for which it has been slow.
    package var steps: Int
    /// The seconds of a step that a rank of the median's speed waits for it.
    package var waitSeconds: Double
  }

  /// The least ratio that counts as slow.
  private static let leastRatio = 1.3
  /// The number of consecutive steps before a rank is named.
  private static let stepsToName = 200

  /// The slowest rank of the last steps, while it is slow.
  private var rank: Int?
  private var steps = 0
  private var excessSeconds = 0.0
  /// Sums over the steps of its seconds for a shard, and of the median.
  private var (own, typical) = (0.0, 0.0)
  private var isNamed = false

  /// Nothing observed yet.
  package init() {}

  /// Compares the ranks over some consecutive steps; names a rank once as long as it stays slow.
  ///
  /// - Parameters:
  ///   - work: The work of every rank, in rank order.
  ///   - count: The number of steps since the last comparison.
  /// - Returns: The rank, once it has been slow for 200 steps; else `nil`.
  package mutating func slowRank(_ work: [Work], steps count: Int) -> SlowRank? {
    // A rank without a shard, as in a last partial batch, cannot be compared.
    guard work.count > 1, work.allSatisfy({ work in work.turns > 0 }) else { return nil }
    let seconds = work.map { work in work.seconds / work.turns }
    let slowest = seconds.indices.reduce(0) { slowest, rank in seconds[rank] > seconds[slowest] ? rank : slowest }
    // The lower of two middle ones: of two ranks the faster.
    let median = seconds.sorted()[(seconds.count - 1) / 2]
    guard seconds[slowest] >= Self.leastRatio * median else {
      self = SlowRankWatch()
      return nil
    }
    if rank != slowest {
      self = SlowRankWatch()
      rank = slowest
    }
    steps += count
    own += Double(count) * seconds[slowest]
    typical += Double(count) * median
    excessSeconds += (seconds[slowest] - median) * work[slowest].turns
    guard steps >= Self.stepsToName, !isNamed else { return nil }
    isNamed = true
    return SlowRank(rank: slowest, ratio: own / typical, steps: steps, waitSeconds: excessSeconds / Double(steps))
  }
}
