import DistributedStep
import MPI

/// The communication volume of this rank's collectives in the measured steps.
struct StepMessages {
  private var steps = 0
  private var gatheredByteCount = 0
  private var shares = [BenchmarkResult.CollectiveShare](
    repeating: BenchmarkResult.CollectiveShare(calls: 0, receivedBytes: 0, seconds: 0), count: Collective.allCases.count
  )

  /// Adds the communication volume of one step.
  mutating func add(_ report: StepResult) {
    steps += 1
    for part in [StepPart.gather, .loss] {
      gatheredByteCount += report.partReceivedByteCounts[part.rawValue]
    }
    for collective in Collective.allCases {
      let counters = report.communicationVolume[collective]
      shares[collective.rawValue].calls += Double(counters.calls)
      shares[collective.rawValue].receivedBytes += Double(counters.receivedByteCount)
      shares[collective.rawValue].seconds += counters.seconds
    }
  }

  /// Returns the bytes that ranks received per step for the contrastive loss: embeddings, labels, log-sum-exps.
  ///
  /// Collective.
  func gatheredBytes(over world: borrowing Communicator) throws -> (mean: Int, maximum: Int) {
    var counts = [Int64](repeating: 0, count: world.size)
    let own = [Int64(gatheredByteCount / max(steps, 1))]
    try world.allGather(own.span, into: &counts)
    return (Int(counts.reduce(0, +)) / world.size, Int(counts.max() ?? 0))
  }

  /// Returns the communication volume per step by kind of collective, averaged over the ranks.
  ///
  /// Collective.
  func collectives(over world: borrowing Communicator) throws -> [String: BenchmarkResult.CollectiveShare] {
    var numbers = shares.flatMap { share in [share.calls, share.receivedBytes, share.seconds] }
    try world.allReduceSum(&numbers)
    let divisor = Double(world.size * max(steps, 1))
    let means = Collective.allCases.map { collective in
      let first = 3 * collective.rawValue
      return (
        collective.function,
        BenchmarkResult.CollectiveShare(
          calls: numbers[first] / divisor, receivedBytes: numbers[first + 1] / divisor,
          seconds: numbers[first + 2] / divisor)
      )
    }
    return Dictionary(uniqueKeysWithValues: means.filter { _, share in share.calls > 0 })
  }
}
