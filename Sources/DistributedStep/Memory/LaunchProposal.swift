import Configuration
import ImageCodecs
import Job

/// Ranks × threads × binding for a run on a host, chosen from the topology and the estimated memory.
///
/// Any choice gives the same weights, bit for bit; it decides time and memory alone.
package struct LaunchProposal: Sendable {
  /// The number of ranks.
  package let ranks: Int
  /// The number of computing threads of each rank.
  package let threads: Int
  /// The estimated bytes of all ranks.
  package let byteCount: Int
  /// The sweeps of a forward or backward pass: the largest number of shards that a thread computes one after the other.
  package let turns: Int
  /// The share of the shards that run forward twice, because their activations are not kept.
  package let recomputedShare: Double

  /// The relative time of a step: a backward pass takes twice as long as a forward pass.
  private var relativeTime: Double { Double(turns) * (3 + recomputedShare) }

  /// The proposals for a run, the best one first.
  ///
  /// Each has a rank for each socket at least, so that the memory that threads share is near to them, if there are as many shards.
  /// The fastest comes first: fewest shards one after the other, fewest computed twice. Among equally fast ones that with the least memory
  /// comes first.
  ///
  /// - Parameters:
  ///   - configuration: A resolved configuration; its threads are not used.
  ///   - topology: The host.
  ///   - estimate: The memory of a rank for a number of ranks and threads.
  /// - Returns: Those that fit the memory; empty if none does.
  static func proposals(
    _ configuration: Configuration, on topology: HostTopology,
    _ estimate: (_ configuration: Configuration, _ ranks: Int) throws -> MemoryEstimate
  ) rethrows -> [LaunchProposal] {
    let shards = configuration.batches.shardCount
    var proposals: [LaunchProposal] = []
    for ranks in 1...min(topology.cores, shards) where ranks.isMultiple(of: min(topology.sockets, shards)) {
      var own = configuration
      own.compute.threads = max(1, min(topology.cores / ranks, (shards + ranks - 1) / ranks))
      own.compute.loaderThreads = own.compute.loaderThreads ?? max(0, topology.cores / ranks - own.compute.threads)
      let memory = try estimate(own, ranks)
      proposals.append(
        LaunchProposal(
          ranks: ranks, threads: own.compute.threads, byteCount: memory.byteCount * ranks,
          turns: (memory.shardsPerRank + own.compute.threads - 1) / own.compute.threads,
          recomputedShare: 1 - Double(memory.keptShards) / Double(memory.shardsPerRank)))
    }
    return proposals.filter { proposal in proposal.byteCount <= topology.memoryByteCount }.sorted { one, other in
      (one.relativeTime, one.byteCount, one.ranks) < (other.relativeTime, other.byteCount, other.ranks)
    }
  }

  /// The proposals for a run, the best one first.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package static func proposals(
    _ configuration: Configuration, viewSize: ImageSize, on topology: HostTopology
  ) throws -> [LaunchProposal] {
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let sizes = try ModelSizes(compiling: configuration, viewSize: viewSize)
    return proposals(configuration, on: topology) { configuration, ranks in
      MemoryEstimate(
        configuration, viewSize: viewSize, MemoryEstimate.Job(ranks: ranks, ranksOnHost: ranks), sizes, base: base)
    }
  }
}
