import Configuration
import Datasets
import Job
import Losses
import MPI
import NeuralNet
import Runs

extension TrainingStep {
  /// The step of a recipe, with room for activations as it says.
  ///
  /// Collective.
  package static func prepared(
    _ configuration: Configuration, _ dataset: any ImageDataset, _ sampler: Sampler, over world: borrowing Communicator,
    order: ReductionOrder
  ) throws -> TrainingStep {
    guard let memory = ActivationMemory(configuration.activationMemory) else {
      preconditionFailure("the recipe was not validated: \(configuration.activationMemory)")
    }
    let ranksOnHost = try world.ranksOnHost()
    let isOverlapping = configuration.overlap == "on" || (configuration.overlap == "auto" && ranksOnHost < world.size)
    let loaderThreads =
      configuration.loaderThreads ?? SpareProcessors.count(ranksOnHost: ranksOnHost, threads: configuration.threads)
    return try world.throwingTogether {
      try TrainingStep(
        configuration, dataset, sampler, over: world, activationByteCount: memory.byteCount(ranksOnHost: ranksOnHost),
        loaderThreads: loaderThreads, isOverlapping: isOverlapping, order: order)
    }
  }

  /// The contrastive part of a step's loss.
  struct Contrast {
    var loss: Double
    /// What it cannot fall below for the batch's labels.
    var lowerBound: Double
    /// What it is when all embeddings are equal.
    var collapseValue: Double
  }

  /// Which rows of the global batch are positives of each other.
  ///
  /// Collective where labels matter: each rank gives the labels of its own samples.
  func classes(of samples: [Int32], _ plan: BatchPartition, over world: borrowing Communicator) throws -> RowClasses {
    var labels = (0..<Int32(plan.batchSize)).map { position in position }
    if configuration.loss == "supcon" {
      let own = samples.map { sample in Int32(dataset.label(at: Int(sample))) }
      let counts = plan.runs.runs.map { run in run.count * configuration.shardSize }
      try world.allGather(own.span, counts: counts, into: &labels)
    }
    let layout = configuration.rowOrder
    return RowClasses(
      labels: (0..<plan.batchSize * configuration.views).map { row in labels[layout.sample(ofRow: row)] })
  }
}

extension Configuration {
  /// The order of a batch's rows: those of a shard are view 0 of all its samples, then view 1, and so on.
  package var rowOrder: RowOrder { RowOrder(samplesPerGroup: shardSize, views: views) }
}

extension TrainingState {
  /// Moves the running statistics by BatchNorm's momentum towards the mean over shards of the shards' moments.
  mutating func moveStatistics(towards sums: ArraySlice<Float>, shards: Int) {
    for (index, sum) in zip(statistics.indices, sums) {
      statistics[index] += ResNet.statisticsMomentum * (sum / Float(shards) - statistics[index])
    }
  }
}
