import Configuration
import Runs

/// The record of a rank that has computed slower than the others for many steps.
package struct SlowRankRecord: MetricsRecord {
  package static let kind = "slow-rank"
  package static let namesWithoutCurve: Set<String> = ["step", "epoch", "rank", "steps_counted"]

  /// The number of steps taken.
  package var step: Int
  /// The number of epochs taken, with a fraction.
  package var epoch: Double
  package var rank: Int
  package var host: String
  /// The slow rank's seconds per shard (part of the batch) ÷ the median over all ranks.
  package var ratio: Double
  /// The number of steps over which the ranks were compared.
  package var stepsCounted: Int
  /// The seconds per step that a rank of median speed waits for the slow rank.
  package var waitSeconds: Double

  private enum CodingKeys: String, CodingKey {
    case step, epoch, rank, host, ratio
    case stepsCounted = "steps_counted"
    case waitSeconds = "wait_seconds"
  }

  /// Creates the record of a rank that was named after a step.
  package init(_ named: RankPace.NamedRank, step: Int, epoch: Double) {
    (self.step, self.epoch) = (step, epoch)
    (rank, host) = (named.rank.rank, named.host)
    (ratio, stepsCounted, waitSeconds) = (named.rank.ratio, named.rank.steps, named.rank.waitSeconds)
  }

  /// The warning for the user, as a sentence.
  package var line: String {
    let milliseconds = 1e3 * waitSeconds
    return "rank \(rank) on \(host) is the slowest: \(decimal(ratio, 1)) × the median for \(stepsCounted) steps; "
      + "the others wait \(decimal(milliseconds, milliseconds < 10 ? 1 : 0)) ms a step"
  }
}
