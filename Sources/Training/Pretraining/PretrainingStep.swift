import Contrastive
import Datasets
import MPI
import NeuralNet
import OneDNN

/// One step of contrastive training over all ranks.
///
///     samples → views → representations → embeddings → all-gather → loss → embedding gradients → backward → all-reduce → optimiser
final class PretrainingStep {
  let recipe: Recipe
  let dataset: any ImageDataset
  private let loader: ShardLoader
  let shards: ShardWorkers
  let loss: ContrastiveLoss<Float>
  let vector: ShardVectorLayout
  private let reduction: TreeReduction<Float>
  private let schedule: LearningRateSchedule
  private(set) var reduced: [Float]

  /// How many steps an epoch has; the last partial batch is left out.
  let stepsPerEpoch: Int
  /// The state before the first step, made anew: nobody else keeps it.
  var initialState: TrainingState {
    TrainingState(recipe, parameters: shards.parameterLayout, statistics: shards.statisticsLayout)
  }

  /// Compiles the model on every thread of this rank and makes room for its shards.
  ///
  /// - Parameters:
  ///   - recipe: What to train.
  ///   - dataset: What to train on.
  ///   - world: The ranks.
  ///   - activationByteCount: How much memory this rank may keep activations in.
  ///   - order: How gradients are added.
  /// - Throws: What oneDNN refuses.
  init(
    _ recipe: Recipe, _ dataset: any ImageDataset, over world: borrowing Communicator, activationByteCount: Int,
    order: ReductionOrder
  ) throws {
    self.recipe = recipe
    self.dataset = dataset
    shards = try ShardWorkers(
      recipe, dataset, runs: ContiguousRuns(total: recipe.shardCount, parts: world.size), rank: world.rank,
      activationByteCount: activationByteCount)
    loader = try shards.makeLoader()
    loss = ContrastiveLoss(
      blocks: RowBlocks(
        rowCount: recipe.batchSize * recipe.views, rowsPerShard: recipe.shardSize * recipe.views, ranks: world.size),
      width: recipe.widthOfEmbeddings, temperature: recipe.temperature, scale: recipe.lossScaleFactor,
      threads: recipe.threads)
    vector = ShardVectorLayout(
      parameterCount: shards.parameterLayout.count, statisticCount: shards.statisticsLayout.count)
    reduction = TreeReduction(length: vector.count, runs: shards.runs, rank: world.rank, order: order)
    reduced = Array(repeating: 0, count: vector.count)
    stepsPerEpoch = dataset.count / recipe.batchSize
    schedule = recipe.learningRateSchedule(stepsPerEpoch: stepsPerEpoch)
  }

  /// What a step reports.
  struct Report {
    var loss: Double
    var lowerBound: Double
    var learningRate: Float
    /// What each part took on this rank, in the order of ``StepPart``.
    var partSeconds: [Double]
  }

  /// Takes one step with the samples of `batch`, the same list on every rank.
  ///
  /// Collective.
  func run(
    _ state: inout TrainingState, batch: ArraySlice<Int32>, epoch: Int, over world: borrowing Communicator
  ) throws -> Report {
    let parameters = state.parameters
    let samples = shards.samples(of: batch)
    let clock = StepClock(threads: min(recipe.threads, shards.owned.count))

    try shards.compute { model in
      try model.load(parameters)
    } eachShard: { [loader] model, pass, shard in
      try clock.measure(.data) { try loader.fill(model.encoder.views, samples: samples[shard], epoch: epoch) }
      try model.forward(pass, parameters: parameters)
    }
    clock.mark(.forward)

    try loss.gather(shards.embeddings().span, over: world)
    let classes = try classes(of: batch, samples: samples, over: world)
    clock.mark(.gather)
    let shardLosses = try loss.losses(of: classes, over: world)
    shards.setEmbeddingGradients { gradients in
      loss.gradients(ofRank: world.rank, into: &gradients)
    }
    clock.mark(.loss)

    try shards.compute(inReverse: true) { [loader, shards, reduction, vector] model, pass, shard in
      // Activations for which there was no memory are computed again, to the same bits.
      if !model.holdsActivations(of: pass) {
        try loader.fill(model.encoder.views, samples: samples[shard], epoch: epoch)
        try model.forward(pass, parameters: parameters)
      }
      var summand = reduction.makeVector()
      var elements = summand.mutableSpan
      try model.backward(pass, parameters: parameters, into: &elements)
      var moments = elements._mutatingExtracting(vector.moments)
      model.moments(of: pass, into: &moments)
      elements[vector.loss] = Float(shardLosses[shard])
      reduction.add(summand, shard: shards.owned.lowerBound + shard)
    }
    clock.mark(.backward)
    try reduction.finish(over: world, into: &reduced)
    clock.mark(.reduce)
    try checkFinite(step: state.step + 1)

    let learningRate = schedule.learningRate(atStep: state.step)
    state.optimizer.update(
      &state.parameters, gradient: reduced.span.extracting(vector.gradient), learningRate: learningRate,
      step: state.step)
    state.moveStatistics(towards: reduced[vector.moments], shards: recipe.shardCount)
    state.step += 1
    clock.mark(.update)
    return Report(
      loss: Double(reduced[vector.loss]),
      lowerBound: recipe.lossScaleFactor
        * LossBound.lowerBound(counts: classes.counts, temperature: recipe.temperature),
      learningRate: learningRate, partSeconds: clock.seconds)
  }
}
