import Configuration
import Job
import MPI
import NeuralNet
import Runs

/// The memory that a run takes with any batch and shard: parameters, optimizer state, and one sum of gradients a rank.
package struct LeastMemory {
  /// The bytes of the parameters, the optimizer's state and the averaged parameters.
  package let state: Int
  /// The bytes of the sum of gradients, of which each rank has one or more.
  package let gradients: Int
  /// True if the ranks of a host have the state once, together, where the host allows it.
  private let isSharing: Bool

  /// Computes the memory from the options alone, without taking any.
  ///
  /// - Throws: ``RunError`` if the number of classes is needed and missing.
  package init(_ configuration: Configuration) throws(RunError) {
    gradients = try configuration.modelLayout.parameters.count * MemoryLayout<Float>.size
    // An optimizer of no parameters names its vectors and takes no memory for them.
    let ofOptimizer = configuration.makeOptimizer(VectorLayout()).stateNames.count
    state = (1 + ofOptimizer + (configuration.optimizer.averageDecay == nil ? 0 : 1)) * gradients
    isSharing = configuration.compute.sharedMemory == .auto
  }

  /// The most memory that a rank can get, whatever is free now.
  package struct Limits: Codable, Equatable {
    /// The name of its host.
    package var host: String
    /// The number of the host's ranks, which share memory with it.
    package var ranksOnHost: Int
    /// The bytes of the host's memory and swap space; `nil` if the kernel does not report them.
    package var ofHost: Int?
    /// The bytes of the control group's limit, and of swap space, which may not count; `nil` without a limit.
    package var ofGroup: Int?
    /// The bytes of `ulimit -v`; `nil` without a limit.
    package var ofAddressSpace: Int?

    /// Creates limits that restrict nothing.
    package init(host: String, ranksOnHost: Int) {
      (self.host, self.ranksOnHost) = (host, ranksOnHost)
    }

    /// Reads the limits of this process.
    package init(ranksOnHost: Int) {
      self.init(host: hostName(), ranksOnHost: ranksOnHost)
      let bytes = ProcessMeasurements.hostByteCounts()
      ofHost = bytes.map { bytes in bytes.memory + bytes.swap }
      ofGroup = ControlGroup().memoryLimit.map { limit in limit + (bytes?.swap ?? 0) }
      ofAddressSpace = HostLimits.addressSpaceLimit
    }
  }

  /// Returns the error for the first rank that cannot get the memory; `nil` if all might.
  package func problem(_ ranks: [Limits]) -> RunError? {
    for (rank, limits) in ranks.enumerated() {
      let count = max(limits.ranksOnHost, 1)
      let needed = count * gradients + (isSharing ? 1 : count) * state
      if let limit = limits.ofHost, needed > limit {
        return error(
          "host \(limits.host): \(counted(count, "rank")) would take", needed,
          "it has \(gigabytes(limit)) of memory and swap space", count)
      }
      // The other ranks of the host may be in other groups.
      let share = gradients + (isSharing ? state / count : state)
      if let limit = limits.ofGroup, share > limit {
        return error(
          "rank \(rank) on host \(limits.host): would take", share, "its control group may have \(gigabytes(limit))", 1)
      }
      // Shared memory is in the address space of each rank.
      if let limit = limits.ofAddressSpace, gradients + state > limit {
        return error(
          "rank \(rank) on host \(limits.host): would take", gradients + state,
          "ulimit -v allows \(gigabytes(limit)) of address space", 1)
      }
    }
    return nil
  }

  private func error(_ beginning: String, _ needed: Int, _ limit: String, _ ranks: Int) -> RunError {
    RunError(
      .usage,
      "\(beginning) at least \(gigabytes(needed)) for parameters, optimizer state and gradients alone, and \(limit)",
      remedy:
        "choose a smaller encoder (--model, --width-multiplier, --embedding-width), \(ranks > 1 ? "start fewer ranks there, " : "")or give the run more memory; a smaller batch or shard, fewer threads or less --activation-memory would not do"
    )
  }

  /// Refuses a run that cannot get the memory that it takes in any case, before it takes any: an allocation that fails
  /// would end the job without advice.
  ///
  /// Collective. What is only tight, ``MemoryEstimate/check(_:base:evaluatedSamples:over:report:)`` notes.
  ///
  /// - Throws: ``CollectiveError`` naming the host or rank, the memory needed and its limit.
  package static func check(_ configuration: Configuration, over world: borrowing Communicator) throws {
    let least = try world.throwingTogether { try LeastMemory(configuration) }
    // All ranks have the same list of limits, so all of them throw.
    let limits = try world.allGather(value: Limits(ranksOnHost: world.hostSize))
    if let problem = least.problem(limits) { throw CollectiveError(error: problem) }
  }
}
