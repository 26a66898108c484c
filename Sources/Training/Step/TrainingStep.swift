import Configuration
import Datasets
import Losses
import MPI
import NeuralNet
import OneDNN
import Runs

/// One step of training over all ranks.
///
///     samples → views → representations → embeddings → all-gather → loss → embedding gradients → backward → all-reduce → optimizer
///                                       → logits → cross-entropy → logit gradients →
///
/// A recipe has the upper branch, the lower one, or both.
package final class TrainingStep {
  let configuration: Configuration
  let dataset: any ImageDataset
  let loader: ShardPrefetcher
  let shards: ShardWorkers
  package let vector: ShardVectorLayout
  /// Whether gradients cross between ranks while the backward pass still runs.
  let isOverlapping: Bool
  private let plans: [BatchPartition]
  private let schedule: LearningRateSchedule
  private(set) var reduced: [Float]
  private var announcedSteps = 0

  /// The state before the first step, made anew: nobody else keeps it.
  package var initialState: TrainingState {
    TrainingState(configuration, shards.layout)
  }

  /// Compiles the model on every thread of this rank and makes room for its shards.
  ///
  /// - Parameters:
  ///   - configuration: What to train.
  ///   - dataset: What to train on.
  ///   - sampler: What makes its batches.
  ///   - world: The ranks.
  ///   - activationByteCount: How much memory this rank may keep activations in.
  ///   - loaderThreads: How many threads of this rank make views ahead.
  ///   - isOverlapping: Whether gradients are to cross between ranks while the backward pass still runs; the same on all ranks.
  ///   - order: How gradients are added.
  /// - Throws: What oneDNN refuses.
  package init(
    _ configuration: Configuration, _ dataset: any ImageDataset, _ sampler: Sampler, over world: borrowing Communicator,
    activationByteCount: Int, loaderThreads: Int, isOverlapping: Bool, order: ReductionOrder
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.isOverlapping = isOverlapping
    let batchSizes = Set([configuration.batchSize, sampler.lastBatchSize]).sorted()
    shards = try ShardWorkers(
      configuration, dataset,
      capacity: batchSizes.map { size in
        BlockPartition(total: size / configuration.shardSize, parts: world.size)[world.rank].count
      }.max() ?? 0, activationByteCount: activationByteCount)
    loader = try shards.makeLoader(threads: loaderThreads)
    let vector = ShardVectorLayout(
      parameterCount: shards.layout.parameters.count, statisticCount: shards.layout.statistics.count,
      isClassifying: configuration.isClassifying)
    self.vector = vector
    let pieces = vector.pieces(at: shards.model.encoder.parameterBounds)
    var plans: [BatchPartition] = []
    for size in batchSizes {
      plans.append(
        BatchPartition(configuration, batchSize: size, vector: vector, pieces: pieces, over: world, order: order))
    }
    self.plans = plans
    reduced = Array(repeating: 0, count: vector.count)
    schedule = configuration.learningRateSchedule(stepsPerEpoch: sampler.stepsPerEpoch)
  }

  /// What a step reports.
  package struct Report {
    /// How many views the global batch had.
    var views: Int
    var loss: Double
    /// What the loss cannot fall below for the batch's labels.
    var lowerBound: Double
    /// The contrastive part of the loss, if there is one.
    var contrast: Contrast?
    /// The share of views whose class comes first, if there is a classifier.
    var trainTop1: Double?
    var learningRate: Float
    /// Whether some rank was asked to stop: known to all of them alike.
    var isStopRequested: Bool
    /// What each part took on this rank, in the order of ``StepPart``.
    package var partSeconds: [Double]
    /// The bytes that came in from other ranks in each part, on this rank, in the order of ``StepPart``.
    package var partReceivedByteCounts: [Int]
    /// What this rank's collectives did, by kind.
    package var traffic: Traffic

    /// The share of this rank's step that it waited for views or made them itself.
    var dataShare: Double { partSeconds[StepPart.data.rawValue] / max(partSeconds.reduce(0, +), 1e-9) }
  }

  /// Takes one step; the views of `next` are made ahead as far as there are threads for it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: What the step changes.
  ///   - batch: Its samples.
  ///   - next: The samples of the step after it, if there is one.
  ///   - isStopping: Whether this rank was asked to stop; the reduction tells all others.
  ///   - world: The ranks.
  /// - Returns: What is to be logged.
  /// - Throws: ``CollectiveError`` if numbers are no longer finite, anything else for what ends the job at once.
  package func run(
    _ state: inout TrainingState, _ batch: GlobalBatch, next: GlobalBatch?, isStopping: Bool = false,
    over world: borrowing Communicator
  ) throws -> Report {
    let plan = plan(of: batch)
    let (owned, loss, reduction) = (plan.runs[world.rank], plan.loss, plan.reduction)
    let views = requests(of: batch, owned)
    announce(batch, next, rank: world.rank)
    let activity = world.activity
    let clock = StepClock(
      threads: min(configuration.threads, max(owned.count, 1)), activity: activity, step: state.step + 1)
    let trafficBefore = activity.traffic

    // Captured call by call: nobody else holds the parameters when the optimizer changes them.
    try shards.compute(owned.count) { [parameters = state.parameters] model in
      try model.load(parameters)
    } eachShard: { [loader, parameters = state.parameters] model, pass, shard in
      try clock.measure(.data) { try loader.fill(model.encoder.views, views[shard]) }
      try model.forward(pass, parameters: parameters)
      activity.progressed()
    }
    clock.mark(.forward)

    try loss?.gather(shards.embeddings(owned.count).span, over: world)
    let classes = try loss == nil ? nil : classes(of: views.flatMap(\.samples), plan, over: world)
    clock.mark(.gather)
    let shardLosses = try classes.flatMap { classes in try loss?.losses(of: classes, over: world) }
    shards.setEmbeddingGradients(owned.count) { gradients in
      loss?.gradients(ofRank: world.rank, into: &gradients)
    }
    clock.mark(.loss)

    try shards.compute(owned.count, whileCommunicating: isOverlapping) {
      [self, loader, vector, parameters = state.parameters] model, pass, shard in
      // Activations for which there was no memory are computed again, to the same bits.
      if !model.holdsActivations(of: pass) {
        try loader.fill(model.encoder.views, views[shard])
        try model.forward(pass, parameters: parameters)
        activity.progressed()
      }
      let crossEntropy = model.crossEntropy(
        of: pass, labels: labels(ofRows: views[shard].samples), weight: crossEntropyWeight(plan))
      try reduction.withVector { summand in
        var moments = summand._mutatingExtracting(vector.moments)
        model.moments(of: pass, into: &moments)
        vector.write(
          contrastiveLoss: shardLosses?[shard] ?? 0, crossEntropy, isStopping: isStopping, into: &summand)
        var end = vector.count
        try model.backward(pass, parameters: parameters, into: &summand) { lowerBound, summand in
          reduction.add(summand, lowerBound..<end, shard: owned.lowerBound + shard)
          end = lowerBound
        }
      }
      activity.progressed()
    } computed: {
      clock.mark(.backward)
    } communicate: { hasFailed in
      try reduction.finish(
        over: world, into: &reduced, waiting: isOverlapping ? .sleeping : .spinning, unless: hasFailed)
    }
    clock.mark(.reduce)
    try checkFinite(state, batch, over: world)

    let learningRate = schedule.learningRate(atStep: state.step)
    state.optimizer.update(
      &state.parameters, gradient: reduced.span.extracting(vector.gradient), learningRate: learningRate,
      step: state.step)
    state.moveStatistics(towards: reduced[vector.moments], shards: plan.shardCount)
    state.step += 1
    clock.mark(.update)
    let contrast = contrast(loss, classes, reduced)
    return Report(
      views: plan.batchSize * configuration.views, loss: Double(reduced[vector.loss]),
      lowerBound: (contrast?.lowerBound ?? 0) + crossEntropyBound, contrast: contrast,
      trainTop1: trainTop1(reduced, plan), learningRate: learningRate, isStopRequested: reduced[vector.stop] > 0,
      partSeconds: clock.seconds,
      partReceivedByteCounts: clock.receivedByteCounts, traffic: activity.traffic.since(trafficBefore))
  }

  func plan(of batch: GlobalBatch) -> BatchPartition {
    guard let plan = plans.first(where: { plan in plan.batchSize == batch.samples.count }) else {
      preconditionFailure("a batch of \(batch.samples.count) samples was not planned")
    }
    return plan
  }

  /// The views that some shards of a batch need.
  func requests(of batch: GlobalBatch, _ shards: Range<Int>) -> [ShardPrefetcher.Request] {
    shards.map { shard in
      let samples = batch.samples.dropFirst(shard * configuration.shardSize).prefix(configuration.shardSize)
      return ShardPrefetcher.Request(epoch: batch.epoch, samples: Array(samples))
    }
  }

  /// Tells the loader what will be wanted, each batch once.
  private func announce(_ batch: GlobalBatch, _ next: GlobalBatch?, rank: Int) {
    for batch in [batch, next].compactMap({ batch in batch }) where batch.step >= announcedSteps {
      loader.announce(requests(of: batch, plan(of: batch).runs[rank]))
      announcedSteps = batch.step + 1
    }
  }
}
