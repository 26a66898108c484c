import OneDNN

/// The options of each rank's computation: precision, seed, threads and memory.
package struct ComputeOptions: Sendable, Equatable {
  /// The choice to overlap the all-reduce of the gradients with the backward pass.
  package enum Overlap: String, CaseIterable, Sendable {
    /// Overlapped if the ranks run on several hosts.
    case auto
    case on
    case off
  }

  /// The choice to have parameters and optimizer state once on each host, in memory that its ranks share.
  package enum SharedMemory: String, CaseIterable, Sendable {
    /// Shared where several ranks run on a host that lets them.
    case auto
    case off
  }

  /// The division of a batch's shards over the ranks, on which no bit of the results depends.
  package enum Balance: Sendable, Equatable {
    case even
    /// By the speed of the ranks in the first steps, where that makes steps shorter.
    case auto
    /// In proportion to a number for each rank.
    case weights([Int])
  }

  /// The data type of the encoder's computation; `nil` for the one that is faster for it on the CPUs of all ranks.
  package var precision: Precision?
  /// The seed of all random numbers of the run.
  package var seed: UInt64 = 0
  /// The number of computing threads of each rank.
  package var threads = 1
  /// The number of loader threads of each rank, which prefetch views; `nil` for the number of idle CPUs.
  package var loaderThreads: Int?
  /// The memory limit of each rank, in bytes, for activations that are saved for the backward pass.
  package var activationMemory = ActivationMemory.automatic
  /// The choice to overlap the all-reduce of the gradients with the backward pass.
  package var overlap = Overlap.auto
  /// The choice to have parameters and optimizer state once on each host.
  package var sharedMemory = SharedMemory.auto
  /// The division of a batch's shards over the ranks.
  package var balance = Balance.even

  /// Creates the default options.
  package init() {}

  /// The data type of the encoder's computation on all ranks; float32 until it is chosen.
  package var resolvedPrecision: Precision { precision ?? .float32 }

  /// The largest number of threads that options accept: more than any machine has cores.
  package static let largestThreadCount = 1024
}
