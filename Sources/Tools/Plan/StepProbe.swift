import Configuration
import DistributedStep
import ImageCodecs
import Job
import Losses
import MPI
import NeuralNet
import Scaling
import Training

/// The estimated time of a training step, extrapolated from a small step and from the loss of a part of the batch.
struct StepProbe {
  /// The seconds of a step on the slowest rank.
  let stepSeconds: Double
  /// The seconds of this rank's own work.
  let compute: ComputeSeconds
  /// The number of elements of the vector that is summed over the ranks.
  let vectorLength: Int
  /// The first element of each segment of the vector (range that the backward pass completes at once), ascending.
  let segments: [Int]
  /// The numbers of elements of the vectors that shards which share BatchNorm's statistics sum.
  let statisticsLengths: BatchNormExchangeLengths

  /// The approximate number of rows for which the loss is timed.
  private static let lossRows = 2048

  /// Measures a few small training steps and the loss, which takes a few seconds.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved.
  ///   - viewSize: The size of views.
  ///   - plan: The division of the memory.
  ///   - teacher: The teacher that the configuration names.
  ///   - ranks: The number of ranks of the run; without a launcher one of them is timed, without communication.
  ///   - timesSegments: True to time the parts of a backward pass too.
  ///   - world: The ranks of this job.
  /// - Throws: The errors of oneDNN and MPI.
  init(
    _ configuration: Configuration, viewSize: ImageSize, _ plan: MemoryEstimate, teacher: Teacher?, ranks: Int,
    timesSegments: Bool, over world: borrowing Communicator
  ) throws {
    let turns = (plan.shardsPerRank + configuration.compute.threads - 1) / configuration.compute.threads
    let again = Double(plan.shardsPerRank - plan.keptShards) / Double(plan.shardsPerRank)
    let probe = try Self.probe(
      configuration, viewSize: viewSize, teacher: teacher,
      workers: min(configuration.compute.threads, plan.shardsPerRank), timesSegments: timesSegments, over: world)
    let loss = configuration.isContrasting ? try Self.lossSeconds(configuration, over: world) : (perRow: 0, perPair: 0)
    func seconds(_ part: StepPart) -> Double { probe.parts[part.rawValue] }
    // Of one rank these are sums of its own shards alone, in both passes.
    let statistics = seconds(.statistics)
    compute = ComputeSeconds(
      data: seconds(.data), forward: seconds(.forward) + statistics / 2, backward: seconds(.backward) + statistics / 2,
      recomputedShare: again,
      segments: probe.segmentSeconds, lossPerRow: loss.perRow, lossPerPair: loss.perPair, update: seconds(.update),
      messages: timesSegments ? MessageWork.measure() : .none)
    (vectorLength, segments, statisticsLengths) = (probe.vectorLength, probe.segments, probe.statisticsLengths)
    let perShard =
      seconds(.data) + seconds(.forward) + seconds(.backward) + again * (seconds(.data) + seconds(.forward))
    let rows = Double(configuration.batches.size * configuration.views.count)
    var whole = [
      Double(turns) * perShard + statistics + seconds(.gather) + seconds(.reduce) + seconds(.update)
        + rows * (loss.perRow + rows / Double(ranks) * loss.perPair)
    ]
    try world.allReduceMaximum(&whole)
    stepSeconds = whole[0]
  }

  /// The measurements of a step with one shard (part of the batch) per thread.
  private struct Measured {
    /// The seconds of each part of the step, indexed by ``StepPart/rawValue``.
    var parts: [Double]
    var vectorLength: Int
    var segments: [Int]
    /// The seconds from the start of the backward pass until each segment is complete; 0 if they are not timed.
    var segmentSeconds: [Double]
    var statisticsLengths: BatchNormExchangeLengths
  }

  /// Runs and measures a few steps with one shard (part of the batch) per thread.
  private static func probe(
    _ configuration: Configuration, viewSize: ImageSize, teacher: Teacher?, workers: Int, timesSegments: Bool,
    over world: borrowing Communicator
  ) throws -> Measured {
    var small = configuration
    small.batches.size = configuration.batches.shardSize * workers * world.size
    small.compute.balance = .even
    (small.batches.sampling, small.batches.classesPerBatch, small.batches.lastBatch) = (.shuffle, nil, .drop)
    // As many shards as threads keep their activations whatever the limit, unless they share statistics.
    small.compute.activationMemory = .bytes(small.batches.isSharingStatistics ? .max : 0)
    small.batches.batchNorm = small.batches.isSharingStatistics ? .global : .shard
    // A learning rate of 0 keeps all numbers finite.
    small.optimizer.learningRate = 0
    // No loader threads, because prefetching would hide the cost of augmentation in such a short run.
    small.compute.loaderThreads = 0
    let images = SyntheticDataset(
      count: 4 * small.batches.size, viewSize: viewSize, classes: small.classifier.classes ?? 10)
    let sampler = try small.makeSampler(images, ranks: world.size)
    let step = try TrainingStep.prepared(small, images, sampler, teacher: teacher, over: world)
    var state = try step.makeInitialState(over: world, report: .silent)
    var batches = BatchOrder(sampler)
    var best = [Double](repeating: .infinity, count: StepPart.allCases.count)
    // The first step only warms the caches.
    for index in 0..<3 {
      let seconds = try step.run(&state, batches.batch(ofStep: index), next: nil, over: world).partSeconds
      if index > 0 {
        best = zip(best, seconds).map { one, other in min(one, other) }
      }
    }
    let segmentSeconds =
      timesSegments ? try step.segmentSeconds(state, batches.batch(ofStep: 0)) : step.segmentStarts.map { _ in 0 }
    return Measured(
      parts: best, vectorLength: step.vectorLayout.count, segments: step.segmentStarts, segmentSeconds: segmentSeconds,
      statisticsLengths: step.statisticsLengths)
  }

  /// Returns the seconds of the loss: per row of the global batch for the gather and the classes, and for the rest per
  /// pair of a row of the global batch and a row of this rank.
  private static func lossSeconds(_ configuration: Configuration, over world: borrowing Communicator) throws
    -> (perRow: Double, perPair: Double)
  {
    let rowsPerShard = configuration.batches.shardSize * configuration.views.count
    let shards = min(configuration.batches.shardCount, max(world.size, lossRows / rowsPerShard))
    let blocks = RowBlocks(rowCount: shards * rowsPerShard, rowsPerShard: rowsPerShard, ranks: world.size)
    // Prototypes are few beside the rows of a batch.
    var variant = configuration.loss.resolvedVariant
    variant.hasPrototypes = false
    let loss = ContrastiveLoss<Float>(
      blocks: blocks, width: configuration.widthOfEmbeddings, temperature: configuration.loss.temperature,
      variant: variant, rowOrder: configuration.rowOrder, gatherPrecision: configuration.loss.gatherPrecision,
      threads: configuration.compute.threads)
    // Any unit rows: the time does not depend on their values.
    let own = blocks.rows(ofRank: world.rank)
    let value = 1 / Float(configuration.widthOfEmbeddings).squareRoot()
    let rows = [Float](repeating: value, count: own.count * configuration.widthOfEmbeddings)
    let labels = (0..<blocks.rowCount).map { row in configuration.rowOrder.sample(ofRow: row) % 10 }
    var (linear, quadratic) = (Double.infinity, Double.infinity)
    for _ in 0..<2 {
      let start = ProcessMeasurements.now()
      try loss.gather(rows.span, over: world)
      let classes = RowClasses(labels: labels)
      let middle = ProcessMeasurements.now()
      _ = try loss.losses(of: classes, over: world)
      var gradients = [Float](repeating: 0, count: rows.count)
      var target = gradients.mutableSpan
      loss.gradients(ofRank: world.rank, into: &target)
      linear = min(linear, middle - start)
      quadratic = min(quadratic, ProcessMeasurements.now() - middle)
    }
    let count = Double(blocks.rowCount)
    return (perRow: linear / count, perPair: quadratic / (count * count / Double(world.size)))
  }
}
