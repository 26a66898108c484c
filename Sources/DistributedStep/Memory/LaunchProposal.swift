import Configuration
import ImageCodecs
import Job

/// A proposed number of ranks and threads for a run on one host, chosen from the topology and the estimated memory.
///
/// The weights are bit for bit the same for any choice; only time and memory differ.
package struct LaunchProposal: Sendable {
  /// The proposed number of ranks.
  package let ranks: Int
  /// The proposed number of computing threads per rank.
  package let threads: Int
  /// The estimated memory of all ranks together, in bytes.
  package let byteCount: Int
  /// The maximum number of shards that one thread computes in sequence in a forward or backward pass.
  package let turns: Int
  /// The fraction of shards that run forward twice because their activations are not saved.
  package let recomputedShare: Double

  /// The relative duration of a step, if a backward pass takes twice as long as a forward pass.
  private var relativeTime: Double { Double(turns) * (3 + recomputedShare) }

  /// Returns the proposed numbers of ranks and threads for a run, the best proposal first.
  ///
  /// Each has at least one rank per socket, if there are enough shards, so that threads use the memory of their own
  /// socket. The fastest proposal comes first: fewest shards in sequence per thread, then fewest recomputed shards.
  /// Among equally fast proposals, the one with the least memory comes first.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved; its number of threads and its division of
  ///     the shards over ranks are ignored.
  ///   - topology: The CPUs and the memory of the host.
  ///   - estimate: Returns the memory of a rank for a configuration and a number of ranks.
  /// - Returns: The proposals that fit into the memory; empty if none does.
  static func proposals(
    _ configuration: Configuration, on topology: HostTopology,
    _ estimate: (_ configuration: Configuration, _ ranks: Int) throws -> MemoryEstimate
  ) rethrows -> [LaunchProposal] {
    let shards = configuration.batches.shardCount
    var proposals: [LaunchProposal] = []
    for ranks in 1...min(topology.cores, shards) where ranks.isMultiple(of: min(topology.sockets, shards)) {
      var own = configuration
      // Weights are those of one number of ranks.
      own.compute.balance = .even
      own.compute.threads = max(1, min(topology.cores / ranks, (shards + ranks - 1) / ranks))
      own.compute.loaderThreads = own.compute.loaderThreads ?? max(0, topology.cores / ranks - own.compute.threads)
      own.compute.activationMemory = .bytes(
        own.compute.activationMemory.byteCount(ranksOnHost: ranks, freeByteCount: topology.memoryByteCount))
      let memory = try estimate(own, ranks)
      proposals.append(
        LaunchProposal(
          ranks: ranks, threads: own.compute.threads, byteCount: memory.hostByteCount,
          turns: (memory.shardsPerRank + own.compute.threads - 1) / own.compute.threads,
          recomputedShare: 1 - Double(memory.keptShards) / Double(memory.shardsPerRank)))
    }
    return proposals.filter { proposal in proposal.byteCount <= topology.memoryByteCount }.sorted { one, other in
      (one.relativeTime, one.byteCount, one.ranks) < (other.relativeTime, other.byteCount, other.ranks)
    }
  }

  /// Returns the proposed numbers of ranks and threads for a run, the best proposal first.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved; its number of threads and its division of
  ///     the shards over ranks are ignored.
  ///   - viewSize: The size of views.
  ///   - teacher: The teacher that the configuration names.
  ///   - evaluatedSamples: The largest number of samples whose representations are computed at a time between steps;
  ///     `nil` for a run without evaluations and tests.
  ///   - topology: The CPUs and the memory of the host.
  /// - Returns: The proposals that fit into the memory; empty if none does.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package static func proposals(
    _ configuration: Configuration, viewSize: ImageSize, teacher: Teacher?, evaluatedSamples: Int?,
    on topology: HostTopology
  ) throws -> [LaunchProposal] {
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let sizes = try ModelSizes(
      compiling: configuration, viewSize: viewSize, teacher: teacher, isEvaluating: evaluatedSamples != nil)
    return proposals(configuration, on: topology) { configuration, ranks in
      MemoryEstimate(
        configuration, viewSize: viewSize,
        MemoryEstimate.Job(ranks: ranks, ranksOnHost: ranks, evaluatedSamples: evaluatedSamples), sizes, base: base)
    }
  }
}
