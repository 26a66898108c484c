import Configuration
import Datasets
import Job
import MPI

extension TrainingStep {
  /// Creates the step of a configuration, with memory, loader threads and overlap resolved for these ranks.
  ///
  /// Collective.
  package static func prepared(
    _ configuration: Configuration, _ dataset: any ImageDataset, _ sampler: Sampler, over world: borrowing Communicator,
    order: ReductionOrder
  ) throws -> TrainingStep {
    guard let memory = ActivationMemory(configuration.compute.activationMemory) else {
      preconditionFailure("the configuration was not validated: \(configuration.compute.activationMemory)")
    }
    let ranksOnHost = try world.ranksOnHost()
    let isOverlapping = configuration.compute.overlap == "on" || (configuration.compute.overlap == "auto" && ranksOnHost < world.size)
    let loaderThreads =
      configuration.compute.loaderThreads ?? SpareProcessors.count(ranksOnHost: ranksOnHost, threads: configuration.compute.threads)
    return try world.throwingTogether {
      try TrainingStep(
        configuration, dataset, sampler, over: world, activationByteCount: memory.byteCount(ranksOnHost: ranksOnHost),
        loaderThreads: loaderThreads, isOverlapping: isOverlapping, order: order)
    }
  }
}
