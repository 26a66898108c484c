import Configuration
import DataLoading
import Datasets
import Job
import MPI

extension TrainingStep {
  /// Creates the training step of a configuration, with activation memory, loader threads and overlap chosen for these
  /// ranks.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if the network cannot be compiled on a rank.
  package static func prepared(
    _ configuration: Configuration, _ dataset: any ImageDataset, _ sampler: Sampler, teacher: Teacher?,
    over world: borrowing Communicator
  ) throws -> TrainingStep {
    let compute = configuration.compute
    // With shared statistics the backward pass has collectives of its own, and one thread calls MPI.
    let isOverlapping =
      !configuration.batches.isSharingStatistics
      && (compute.overlap == .on || (compute.overlap == .auto && world.hostSize < world.size))
    var own = configuration
    own.compute.loaderThreads = try SpareProcessors.loaderThreads(compute, ranksOnHost: world.hostSize, over: world)
    return try world.throwingTogether {
      try TrainingStep(
        own, dataset, sampler, teacher: teacher, over: world,
        activationByteCount: compute.activationMemory.byteCount(ranksOnHost: world.hostSize),
        isOverlapping: isOverlapping)
    }
  }
}
