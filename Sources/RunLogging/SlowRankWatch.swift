/// Detects a rank whose shards take longer than those of the others for many steps, such as one on a throttled host.
package struct SlowRankWatch {
  /// The work of one rank on its shards over some steps.
  package struct Work: Sendable {
    package var seconds: Double
    /// The shards that its threads computed one after the other.
    ///
    /// Ranks may have different numbers, which makes none of them slow.
    package var turns: Double

    package init(seconds: Double, turns: Double) {
      (self.seconds, self.turns) = (seconds, turns)
    }
  }

  /// A rank that is slower than the others.
  package struct SlowRank: Sendable, Equatable {
    package var rank: Int
    /// The rank's seconds for a shard ÷ the median over the ranks.
    package var ratio: Double
    /// The number of steps for which it has been slow.
    package var steps: Int
    /// The seconds of a step that a rank of the median's speed waits for it.
    package var waitSeconds: Double

    package init(rank: Int, ratio: Double, steps: Int, waitSeconds: Double) {
      (self.rank, self.ratio, self.steps, self.waitSeconds) = (rank, ratio, steps, waitSeconds)
    }
  }

  /// The least ratio that counts as slow.
  private static let leastRatio = 1.3
  /// The least number of last steps that are looked at.
  private static let windowSteps = 200
  /// The share of them in which a rank is slow before it is named, and below which it has recovered.
  private static let (shareToName, shareToForget) = (2.0 / 3, 1.0 / 3)

  /// The comparison of the ranks over some consecutive steps.
  private struct Interval {
    let steps: Int
    /// The slowest rank, if it is slow.
    let rank: Int?
    /// Sums over the steps: the slowest rank's seconds for a shard, the median, and the seconds that the others wait.
    let own: Double
    let typical: Double
    let excess: Double
  }

  /// The last intervals.
  private var window: [Interval] = []
  /// The rank that was named and has not recovered.
  private var named: Int?

  /// Nothing observed yet.
  package init() {}

  /// Compares the ranks over some consecutive steps; names a rank once as long as it stays slow.
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

  /// Returns the share of the window's steps in which a rank is the slow one.
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
