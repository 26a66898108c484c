import Configuration
import DataLoading
import Datasets
import Job
import Losses
import MPI
import NeuralNet
import OneDNN
import Optimizers
import Runs

/// A training step over all ranks, with memory that is reused in every step.
///
///     samples → views → representations → embeddings → all-gather → loss → embedding gradients → backward
///                                       → logits → cross-entropy → logit gradients ↗
///             → all-reduce → optimizer
///
/// Depending on the configuration, a step has the upper branch, the lower branch, or both.
package final class TrainingStep {
  let configuration: Configuration
  let dataset: any ImageDataset
  let loader: ShardPrefetcher
  let workers: ShardWorkers
  /// The layout of the vectors that are summed over all shards.
  package let vectorLayout: ShardVectorLayout
  /// The first element of each segment (part of the vector that the backward pass completes at once), ascending from 0.
  package let segmentStarts: [Int]
  /// The numbers of elements of the vectors that shards which share BatchNorm's statistics sum.
  package var statisticsLengths: BatchNormExchangeLengths { workers.model.batchNormExchangeLengths }
  /// True if gradients are reduced over the ranks while the backward pass still runs.
  let isOverlapping: Bool
  let schedule: LearningRateSchedule
  /// The sum of the vectors (``ShardVectorLayout``) of all shards of all ranks after the all-reduce.
  let sums: SumMemory<Float>
  private let partitions: [BatchPartition]
  private var announcedSteps = 0

  /// Returns the initial training state, in memory that the ranks of a host share if they may.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if a rank has no memory for it; after any other error the job has to end at once.
  package func makeInitialState(over world: borrowing Communicator, report: Reporter) throws -> TrainingState {
    try TrainingState(configuration, workers.layout).placed(
      configuration.compute.sharedMemory, isFromRoot: false, over: world, report: report)
  }

  /// Compiles the model for every thread of this rank and allocates the activations of its shards; not collective.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the run.
  ///   - dataset: The training set.
  ///   - sampler: The sampler of the global batches.
  ///   - teacher: The teacher that the configuration names.
  ///   - world: The ranks.
  ///   - activationByteCount: The memory limit of this rank for activations, in bytes.
  ///   - isOverlapping: True to all-reduce gradients during the backward pass; the same on all ranks.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(
    _ configuration: Configuration, _ dataset: any ImageDataset, _ sampler: Sampler, teacher: Teacher?,
    over world: borrowing Communicator, activationByteCount: Int, isOverlapping: Bool
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.isOverlapping = isOverlapping
    let batchSizes = Set([configuration.batches.size, sampler.lastBatchSize]).sorted()
    workers = try ShardWorkers(
      configuration, dataset, teacher: teacher,
      capacity: batchSizes.map { size in
        configuration.shardPartition(ofBatch: size, ranks: world.size)[world.rank].count
      }.max() ?? 0, activationByteCount: activationByteCount, activity: world.activity)
    loader = try workers.makeLoader(threads: configuration.compute.loaderThreads ?? 0)
    let vectorLayout = ShardVectorLayout(
      parameterCount: workers.layout.parameters.count, statisticCount: workers.layout.statistics.count,
      isClassifying: configuration.isClassifying)
    self.vectorLayout = vectorLayout
    let segmentStarts = workers.model.segmentStarts
    self.segmentStarts = segmentStarts
    let pieces = ReductionMessages.pieces(at: segmentStarts, length: vectorLayout.count, ranks: world.size)
    let sums = SumMemory<Float>(length: vectorLayout.count)
    self.sums = sums
    var partitions: [BatchPartition] = []
    for size in batchSizes {
      partitions.append(
        BatchPartition(
          configuration, globalBatchSize: size, sums: sums, segments: segmentStarts, pieces: pieces, over: world))
    }
    self.partitions = partitions
    schedule = configuration.learningRateSchedule(stepsPerEpoch: sampler.stepsPerEpoch)
  }

  /// Runs one training step; loader threads make the views of `next` in the meantime.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The training state, which the step updates.
  ///   - batch: The samples of the step.
  ///   - next: The samples of the step after it, if there is one.
  ///   - isStopping: True if this rank was asked to stop; the all-reduce informs the other ranks.
  ///   - world: The ranks.
  /// - Returns: The losses, times and communication volume, for the log.
  /// - Throws: ``CollectiveError`` on all ranks if a number is not finite; after any other error the job must end at
  ///   once.
  package func run(
    _ state: inout TrainingState, _ batch: GlobalBatch, next: GlobalBatch?, isStopping: Bool = false,
    over world: borrowing Communicator
  ) throws -> StepResult {
    let step = begin(batch, next, number: state.step + 1, isStopping: isStopping, over: world)
    let clock = step.clock

    try clock.time(.forward) { try forward(step, state.parameters, over: world) }
    try clock.time(.gather) { try gather(step, state.parameters, over: world) }
    try clock.time(.loss) { try computeLoss(step, over: world) }
    // With overlap this only starts the pass, and allReduce waits for its end.
    try clock.time(.backward, continues: isOverlapping) { try backward(step, state.parameters, over: world) }
    try clock.time(.reduce) { try allReduce(step, over: world) }
    let learningRate = try clock.time(.update) { try update(&state, step, batch, over: world) }

    return result(of: step, batch, learningRate: learningRate, over: world)
  }

  /// The Euclidean norm of the last step's gradient, with the same bits on every rank and for any number of ranks.
  package var gradientNorm: Double {
    sums.withTotal { total in total.extracting(vectorLayout.gradient).euclideanLength }
  }

  /// Returns one element of the sum of all shards' vectors (``ShardVectorLayout``).
  func reduced(_ index: Int) -> Float {
    sums.withTotal { total in total[index] }
  }

  /// Returns a range of elements of the sum of all shards' vectors (``ShardVectorLayout``).
  func reduced(_ range: Range<Int>) -> [Float] {
    sums.withTotal { total in range.map { index in total[index] } }
  }

  /// Returns the division of a batch over the ranks.
  func partition(of batch: GlobalBatch) -> BatchPartition {
    guard
      let partition = partitions.first(where: { partition in partition.globalBatchSize == batch.samples.count })
    else { preconditionFailure("no partition for a batch of \(batch.samples.count) samples") }
    return partition
  }

  /// Returns the requests to the loader for the views of some shards of a batch.
  func requests(of batch: GlobalBatch, _ shards: Range<Int>) -> [ShardPrefetcher.Request] {
    shards.map { shard in
      let samples = batch.samples.dropFirst(shard * configuration.batches.shardSize).prefix(
        configuration.batches.shardSize)
      return ShardPrefetcher.Request(epoch: batch.epoch, samples: Array(samples))
    }
  }

  /// Announces the views of two batches to the loader; a batch that was already announced is skipped.
  func announce(_ batch: GlobalBatch, _ next: GlobalBatch?, rank: Int) {
    for batch in [batch, next].compactMap({ batch in batch }) where batch.step >= announcedSteps {
      loader.announce(requests(of: batch, partition(of: batch).shards[rank]))
      announcedSteps = batch.step + 1
    }
  }
}
