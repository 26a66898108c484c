import Configuration
import Datasets
import DistributedStep
import ImageCodecs
import Imaging
import Job
import KeyedRandomness
import Losses
import MPI
import Training

/// The estimated time of a training step, extrapolated from a small step and from the loss of a part of the batch.
struct StepProbe {
  /// The seconds of a step on the slowest rank.
  let stepSeconds: Double

  /// The approximate number of rows for which the loss is timed.
  private static let lossRows = 2048

  /// Measures for a few seconds.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved.
  ///   - viewSize: The size of views.
  ///   - plan: The estimated memory, which determines the number of shards per rank.
  ///   - ranks: The number of ranks of the planned run; without a launcher, one of them is timed without communication.
  ///   - world: The ranks of this job.
  /// - Throws: The errors of oneDNN and MPI.
  init(
    _ configuration: Configuration, viewSize: ImageSize, _ plan: MemoryEstimate, ranks: Int,
    over world: borrowing Communicator
  ) throws {
    let turns = (plan.shardsPerRank + configuration.compute.threads - 1) / configuration.compute.threads
    let again = Double(plan.shardsPerRank - plan.keptShards) / Double(plan.shardsPerRank)
    let parts = try Self.parts(
      configuration, viewSize: viewSize, workers: min(configuration.compute.threads, plan.shardsPerRank), over: world)
    let perShard =
      parts[StepPart.data.rawValue] + parts[StepPart.forward.rawValue] + parts[StepPart.backward.rawValue]
      + again * (parts[StepPart.data.rawValue] + parts[StepPart.forward.rawValue])
    var seconds = [
      Double(turns) * perShard + parts[StepPart.gather.rawValue] + parts[StepPart.reduce.rawValue]
        + parts[StepPart.update.rawValue]
        + (configuration.isContrasting ? try Self.lossSeconds(configuration, ranks: ranks, over: world) : 0)
    ]
    try world.allReduceMaximum(&seconds)
    stepSeconds = seconds[0]
  }

  /// Returns the seconds of the parts of a step with one shard per thread, in the order of ``StepPart``.
  private static func parts(
    _ configuration: Configuration, viewSize: ImageSize, workers: Int, over world: borrowing Communicator
  ) throws -> [Double] {
    var small = configuration
    small.batches.size = configuration.batches.shardSize * workers * world.size
    (small.batches.sampling, small.batches.classesPerBatch, small.batches.lastBatch) = (.shuffle, nil, .drop)
    small.compute.activationMemory = .bytes(0)
    // With a learning rate of 0, all numbers remain finite.
    small.optimizer.learningRate = 0
    // No loader threads, because prefetching would hide the cost of augmentation in such a short run.
    small.compute.loaderThreads = 0
    let images = SyntheticDataset(count: 4 * small.batches.size, viewSize: viewSize)
    small.classifier.classes = small.isClassifying ? images.classNames.count : nil
    let step = try TrainingStep.prepared(small, images, small.makeSampler(images), over: world)
    var state = step.initialState
    var batches = BatchOrder(try small.makeSampler(images))
    var best = [Double](repeating: .infinity, count: StepPart.allCases.count)
    // The first step only warms the caches.
    for index in 0..<3 {
      let seconds = try step.run(&state, batches.batch(ofStep: index), next: nil, over: world).partSeconds
      if index > 0 {
        best = zip(best, seconds).map { one, other in min(one, other) }
      }
    }
    return best
  }

  /// Measures the loss for part of a batch, and returns the seconds that a whole batch takes, in proportion to global rows × rows of a rank.
  private static func lossSeconds(_ configuration: Configuration, ranks: Int, over world: borrowing Communicator) throws
    -> Double
  {
    let rowsPerShard = configuration.batches.shardSize * configuration.views.count
    let shards = min(configuration.batches.shardCount, max(world.size, lossRows / rowsPerShard))
    let blocks = RowBlocks(rowCount: shards * rowsPerShard, rowsPerShard: rowsPerShard, ranks: world.size)
    let loss = ContrastiveLoss<Float>(
      blocks: blocks, width: configuration.widthOfEmbeddings, temperature: configuration.loss.temperature,
      mode: configuration.loss.resolvedMode,
      rowOrder: configuration.rowOrder, threads: configuration.compute.threads)
    // Any rows of unit length suffice, because the time does not depend on their values.
    let own = blocks.rows(ofRank: world.rank)
    let value = 1 / Float(configuration.widthOfEmbeddings).squareRoot()
    let rows = [Float](repeating: value, count: own.count * configuration.widthOfEmbeddings)
    let classes = RowClasses(
      labels: (0..<blocks.rowCount).map { row in configuration.rowOrder.sample(ofRow: row) % 10 })
    var best = Double.infinity
    for _ in 0..<2 {
      let start = ProcessMeasurements.now()
      try loss.gather(rows.span, over: world)
      _ = try loss.losses(of: classes, over: world)
      var gradients = [Float](repeating: 0, count: rows.count)
      var target = gradients.mutableSpan
      loss.gradients(ofRank: world.rank, into: &target)
      best = min(best, ProcessMeasurements.now() - start)
    }
    let ratio = Double(configuration.batches.shardCount) / Double(shards)
    let ownRatio = Double(configuration.batches.shardCount) / Double(ranks) / (Double(shards) / Double(world.size))
    return best * ratio * ownRatio
  }
}
