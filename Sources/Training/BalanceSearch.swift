import Configuration
import DistributedStep
import MPI

/// The search for a number of shards for each rank that suits its speed (`--balance auto`): the speed is measured in
/// the first steps, and the numbers are adopted if the slowest rank is then expected to compute for less time.
package struct BalanceSearch {
  /// The steps before those that are measured, in which caches and clocks settle.
  private static let stepsLeftOut = 3
  /// The measured steps.
  private static let stepsMeasured = 8
  /// The largest expected time, relative to an even division, at which another division is adopted.
  private static let maximumTimeRatio = 0.95

  private let shards: Int
  private let threads: Int
  private let isNeeded: Bool
  private var count = 0
  /// The seconds of a shard in each measured step of this rank.
  private var seconds: [Double] = []

  /// A division of the shards over the ranks, with the time that it is expected to take.
  package struct Shares: Equatable {
    /// The number of shards of each rank.
    package var shards: [Int]
    /// The expected time of the slowest rank ÷ its expected time with an even division.
    package var time: Double
  }

  /// Creates a search; it ends at once unless the configuration asks for it and there are several ranks.
  init(_ configuration: Configuration, ranks: Int) {
    shards = configuration.batches.shardCount
    threads = configuration.compute.threads
    isNeeded = configuration.compute.balance == .auto && ranks > 1
  }

  /// True if the next step is the last one that is measured.
  var isEnding: Bool { isNeeded && count == Self.stepsLeftOut + Self.stepsMeasured - 1 }

  /// Adds the time of a step of this rank; after the last measured step, divides the shards over the ranks by speed.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - steps: The training step, which is prepared anew if the shards change.
  ///   - result: The result of the step.
  ///   - log: Compares the ranks from then on by all of their shards.
  ///   - world: The ranks.
  ///   - report: Receives a line, on rank 0.
  /// - Throws: `MPIError` if the ranks cannot be compared.
  mutating func divide(
    _ steps: inout SizedSteps, after result: StepResult, _ log: RunLog, over world: borrowing Communicator,
    report: Reporter
  ) throws(MPIError) {
    guard let shares = try shares(after: result, over: world) else { return }
    report(shares.line)
    steps.divide(shares.shards)
    log.isBalanced = true
  }

  /// Returns the new division after the last measured step, the same on all ranks; `nil` to keep the even one.
  private mutating func shares(
    after result: StepResult, over world: borrowing Communicator
  ) throws(MPIError) -> Shares? {
    guard isNeeded, count < Self.stepsLeftOut + Self.stepsMeasured else { return nil }
    let isLast = isEnding
    count += 1
    if count > Self.stepsLeftOut {
      seconds.append(result.shardSeconds / Double(max(result.shardTurns, 1)))
    }
    guard isLast else { return nil }
    let own = [median(seconds) ?? 0]
    var all = [Double](repeating: 0, count: world.size)
    try world.allGather(own.span, into: &all)
    return Self.shares(shards, secondsOfShard: all, threads: threads)
  }

  /// Returns the division with which the slowest rank ends first; `nil` if an even one takes little longer.
  ///
  /// - Parameters:
  ///   - shards: The number of shards, at least one a rank.
  ///   - secondsOfShard: The seconds in which a thread of each rank computes a shard.
  ///   - threads: The threads of each rank.
  /// - Returns: The division and its relative time, or `nil`.
  package static func shares(_ shards: Int, secondsOfShard: [Double], threads: Int) -> Shares? {
    let ranks = secondsOfShard.count
    guard secondsOfShard.allSatisfy({ seconds in seconds > 0 && seconds.isFinite }) else { return nil }
    func seconds(_ rank: Int, _ count: Int) -> Double {
      secondsOfShard[rank] * Double((count + threads - 1) / threads)
    }
    func slowest(_ counts: [Int]) -> Double { counts.indices.map { rank in seconds(rank, counts[rank]) }.max() ?? 0 }
    // Each further shard to the rank that is done with it first.
    var counts = [Int](repeating: 1, count: ranks)
    for _ in 0..<max(shards - ranks, 0) {
      let next = counts.indices.min { one, other in
        seconds(one, counts[one] + 1) < seconds(other, counts[other] + 1)
      }
      if let next {
        counts[next] += 1
      }
    }
    let even = BlockPartition(total: shards, parts: ranks).ranges.map(\.count)
    let time = slowest(counts) / slowest(even)
    return time <= maximumTimeRatio ? Shares(shards: counts, time: time) : nil
  }
}

extension BalanceSearch.Shares {
  /// The sentence for the user.
  var line: String {
    "balance: \(shards.min() ?? 0) to \(shards.max() ?? 0) shards a rank, by their speed; computing is expected to take \(decimal(time, 2)) of the time of even shards"
  }
}
