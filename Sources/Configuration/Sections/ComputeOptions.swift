import OneDNN

/// The arithmetic and the resources of each rank.
package struct ComputeOptions: Sendable, Equatable {
  /// The overlap of the gradients' reduction with the backward pass.
  package enum Overlap: String, CaseIterable, Sendable {
    /// On if the ranks run on several hosts.
    case auto
    case on
    case off
  }

  /// The compute data type of the encoder; `nil` for bfloat16 where the CPUs of all ranks have it.
  package var precision: Precision?
  /// The random seed.
  package var seed: UInt64 = 0
  /// The number of threads of each rank.
  package var threads = 1
  /// The number of loader threads of each rank, which prefetch views; `nil` for the number of idle CPUs.
  package var loaderThreads: Int?
  /// The memory of each rank for activations.
  package var activationMemory = ActivationMemory.automatic
  /// The overlap of the gradients' reduction with the backward pass.
  package var overlap = Overlap.auto

  /// The defaults.
  package init() {}

  /// The precision once it was resolved for all ranks; float32, which every CPU has, until then.
  package var resolvedPrecision: Precision { precision ?? .float32 }

  /// The largest number of threads that is accepted: more than any machine has cores.
  package static let largestThreadCount = 1024
}
