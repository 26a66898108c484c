import Configuration
import Datasets
import Imaging
import Job
import KeyedRandomness
import Losses
import MPI
import Training

/// How long a step takes, from a small one: a shard on each thread of each rank, and the loss of a part of the batch.
struct StepProbe {
  /// The seconds of a step, the slowest rank's.
  let stepSeconds: Double

  /// The probe's loss has about so many rows.
  private static let lossRows = 2048

  /// Computes for a few seconds.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: A resolved recipe.
  ///   - viewSize: The size of views.
  ///   - plan: How the memory is divided.
  ///   - ranks: For how many ranks; without a launcher one of them is tried, and nothing of what passes between them.
  ///   - world: The ranks that there are.
  /// - Throws: What oneDNN or MPI refuses.
  init(
    _ configuration: Configuration, viewSize: ImageSize, _ plan: MemoryPlan, ranks: Int,
    over world: borrowing Communicator
  ) throws {
    let turns = (plan.shardsPerRank + configuration.threads - 1) / configuration.threads
    let again = Double(plan.shardsPerRank - plan.keptShards) / Double(plan.shardsPerRank)
    let parts = try Self.parts(
      configuration, viewSize: viewSize, workers: min(configuration.threads, plan.shardsPerRank), over: world)
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

  /// The seconds of the parts of a step with one shard a thread, in the order of ``StepPart``.
  private static func parts(
    _ configuration: Configuration, viewSize: ImageSize, workers: Int, over world: borrowing Communicator
  ) throws -> [Double] {
    var small = configuration
    small.batchSize = configuration.shardSize * workers * world.size
    (small.sampler, small.classesPerBatch, small.lastBatch) = ("shuffle", nil, "drop")
    small.activationMemory = "0"
    // Numbers stay finite, whatever the rate is meant for.
    small.learningRate = 0
    // Views are made by whoever wants them: a step that long lasts cannot be fed from what was made ahead.
    small.loaderThreads = 0
    let images = SyntheticDataset(count: 4 * small.batchSize, viewSize: viewSize)
    small.classes = small.isClassifying ? images.classNames.count : nil
    let step = try TrainingStep.prepared(small, images, small.makeSampler(images), over: world, order: .tree)
    var state = step.initialState
    var batches = BatchOrder(try small.makeSampler(images))
    var best = [Double](repeating: .infinity, count: StepPart.allCases.count)
    // The first warms caches.
    for index in 0..<3 {
      let seconds = try step.run(&state, batches.batch(ofStep: index), next: nil, over: world).partSeconds
      if index > 0 {
        best = zip(best, seconds).map { one, other in min(one, other) }
      }
    }
    return best
  }

  /// The seconds of the loss of a whole batch: measured for some rows, it grows with all rows times the rank's own.
  private static func lossSeconds(_ configuration: Configuration, ranks: Int, over world: borrowing Communicator) throws
    -> Double
  {
    let rowsPerShard = configuration.shardSize * configuration.views
    let shards = min(configuration.shardCount, max(world.size, lossRows / rowsPerShard))
    let blocks = RowBlocks(rowCount: shards * rowsPerShard, rowsPerShard: rowsPerShard, ranks: world.size)
    let loss = ContrastiveLoss<Float>(
      blocks: blocks, width: configuration.widthOfEmbeddings, temperature: configuration.temperature,
      mode: configuration.lossMode,
      rowOrder: configuration.rowOrder, threads: configuration.threads)
    // Rows of length 1; which they are does not matter.
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
    let ratio = Double(configuration.shardCount) / Double(shards)
    let ownRatio = Double(configuration.shardCount) / Double(ranks) / (Double(shards) / Double(world.size))
    return best * ratio * ownRatio
  }
}
