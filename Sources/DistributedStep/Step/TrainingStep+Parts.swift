import Configuration
import Datasets
import FlatVectors
import Losses
import MPI
import NeuralNet
import Runs

/// The parts of a training step, in the order of computation.
extension TrainingStep {
  /// Starts the clock, and requests the views of this rank's shards of this step and of the next.
  func begin(
    _ batch: GlobalBatch, _ next: GlobalBatch?, number: Int, isStopping: Bool, over world: borrowing Communicator
  ) -> StepInProgress {
    let partition = partition(of: batch)
    let owned = partition.shards[world.rank]
    announce(batch, next, rank: world.rank)
    let clock = StepClock(
      threads: min(configuration.compute.threads, max(owned.count, 1)), activity: world.activity, step: number)
    return StepInProgress(
      partition, owned: owned, requests: requests(of: batch, owned), isStopping: isStopping, clock: clock,
      volumeBefore: world.activity.communicationVolume)
  }

  /// Runs the forward pass, samples → views → representations → embeddings and logits, shard by shard.
  ///
  /// Collective where shards share BatchNorm's statistics.
  func forward(_ step: StepInProgress, _ parameters: FlatVector, over world: borrowing Communicator) throws {
    let pass = workers.forward(step.owned.count, parameters: parameters) { [loader] views, shard in
      try step.clock.measure(.data) { try loader.fill(views, step.requests[shard]) }
    }
    try run(pass, workers.model.batchNormExchangeLengths.forward, step.partition, step.clock, over: world)
  }

  /// Runs a pass over this rank's shards; if shards share BatchNorm statistics, sums the statistics layer by layer.
  ///
  /// Collective if shards share statistics.
  ///
  /// - Parameters:
  ///   - pass: The pass, not yet begun.
  ///   - counts: The numbers of statistics that are summed at each BatchNorm layer, in the order of the pass.
  ///   - partition: The division of the batch.
  ///   - clock: Times the sums.
  ///   - world: The ranks.
  /// - Throws: The first error of any thread or collective.
  func run(
    _ pass: ShardPass, _ counts: [Int], _ partition: BatchPartition, _ clock: StepClock? = nil,
    over world: borrowing Communicator
  ) throws {
    guard let groups = partition.statistics else { return try pass.run() }
    let exchange = BatchNormExchange(shards: partition.shards[world.rank].count, threads: workers.threadCount)
    let activity = world.activity
    try pass.run(exchange) {
      try exchange.serve(counts) { vectors, count in
        activity.progressed()
        let start = clock?.startMessages()
        let sums = try groups.sums(of: vectors, count: count, over: world)
        start.map { start in clock?.endMessages(.statistics, since: start) }
        return sums
      }
    }
  }

  /// All-gathers embeddings and labels, which only the contrastive loss needs; prototypes are parameters of every rank.
  ///
  /// Collective.
  func gather(_ step: StepInProgress, _ parameters: FlatVector, over world: borrowing Communicator) throws {
    guard let loss = step.partition.loss else { return }
    step.prototypes = workers.model.prototypes?.unitRows(of: parameters)
    if let prototypes = step.prototypes {
      loss.setPrototypes(prototypes.rows.span)
    }
    try loss.gather(workers.embeddings(step.owned.count).span, over: world)
    step.classes = try classes(of: step.requests.flatMap(\.samples), step.partition, over: world)
  }

  /// Computes the contrastive loss and the gradient of embeddings and prototypes; the cross-entropy follows, shard by
  /// shard, in the backward pass.
  ///
  /// Collective.
  func computeLoss(_ step: StepInProgress, over world: borrowing Communicator) throws {
    guard let loss = step.partition.loss, let classes = step.classes else { return }
    step.shardLosses = try loss.losses(of: classes, over: world)
    workers.setEmbeddingGradients(step.owned.count) { gradients in
      loss.gradients(ofRank: world.rank, into: &gradients)
    }
    if let prototypes = workers.model.prototypes, let unitRows = step.prototypes {
      workers.setPrototypeGradient(step.owned.first == 0 ? prototypes.gradient(of: loss, unitRows) : [])
    }
  }

  /// Runs the backward pass, embedding gradients and logits → parameter gradients; each shard adds its gradients to the
  /// reduction as soon as they are complete.
  ///
  /// Collective where shards share BatchNorm's statistics.
  func backward(_ step: StepInProgress, _ parameters: FlatVector, over world: borrowing Communicator) throws {
    let pass = workers.backward(step.owned.count, parameters: parameters) { [loader] views, shard in
      try loader.fill(views, step.requests[shard])
    } eachShard: { [self] model, shard, index in
      try addGradient(of: shard, index, model, parameters, to: step)
    }
    guard isOverlapping else {
      return try run(pass, workers.model.batchNormExchangeLengths.backward, step.partition, step.clock, over: world)
    }
    step.backwardPass = pass
    pass.start { [clock = step.clock] in clock.end(.backward) }
  }

  /// Runs one shard backward and adds its vector (``ShardVectorLayout``) to the sum over shards, the last segment
  /// first.
  private func addGradient(
    of shard: TrainingModel.ShardActivations, _ index: Int, _ model: TrainingModel, _ parameters: FlatVector,
    to step: StepInProgress
  ) throws {
    let reduction = step.partition.reduction
    let crossEntropy = model.crossEntropy(
      of: shard, labels: labels(ofRows: step.requests[index]), weight: crossEntropyWeight(step.partition))
    try reduction.withSegment { segment in
      // The last segment begins with the gradients of the heads and ends with the batch statistics and the elements
      // after them.
      let last = vectorLayout.from(reduction.segments[reduction.segments.count - 1].lowerBound)
      var statistics = segment._mutatingExtracting(last.batchStatistics)
      model.batchStatistics(of: shard, into: &statistics)
      last.write(
        contrastiveLoss: step.shardLosses.isEmpty ? 0 : step.shardLosses[index], crossEntropy,
        isStopping: step.isStopping, into: &segment)
      try model.backward(shard, parameters: parameters, into: &segment) { parameters, gradient in
        let number = reduction.segment(at: parameters.lowerBound)
        reduction.add(
          gradient.extracting(0..<reduction.segments[number].count), segment: number,
          shard: step.owned.lowerBound + index)
      }
    }
  }

  /// Sums the shards' vectors over all ranks, each piece as soon as all of this rank's shards have added to it.
  ///
  /// Collective.
  func allReduce(_ step: StepInProgress, over world: borrowing Communicator) throws {
    defer { step.backwardPass = nil }
    let pass = step.backwardPass
    let reduction = Result {
      try step.partition.reduction.finish(
        over: world, waiting: isOverlapping ? .sleeping : .spinning,
        unless: { pass?.hasFailed ?? false })
    }
    try pass?.wait()
    try reduction.get()
  }

  /// Updates the parameters from the gradients and the running statistics from the batch statistics.
  ///
  /// Collective. Where the ranks of a host share the parameters, each updates its part while no other reads them.
  ///
  /// - Returns: The learning rate.
  func update(
    _ state: inout TrainingState, _ step: StepInProgress, _ batch: GlobalBatch, over world: borrowing Communicator
  ) throws -> Float {
    try checkFinite(state, batch, over: world)
    let learningRate = schedule.learningRate(atStep: state.step)
    try waitForHost(over: world)
    sums.withTotal { total in
      state.optimizer.update(
        state.parameters, gradient: total.extracting(vectorLayout.gradient), in: state.ownRange,
        learningRate: learningRate, step: state.step)
      state.updateStatistics(with: total.extracting(vectorLayout.batchStatistics), shards: step.partition.shardCount)
    }
    state.average?.update(state.parameters, in: state.ownRange, state.statistics)
    try waitForHost(over: world)
    state.step += 1
    return learningRate
  }

  /// Waits for the ranks of this host, if they may share the parameters; collective.
  private func waitForHost(over world: borrowing Communicator) throws(MPIError) {
    if configuration.compute.sharedMemory == .auto {
      try world.hostBarrier()
    }
  }

  /// Returns the losses, times and communication volume of a completed step.
  func result(of step: StepInProgress, _ batch: GlobalBatch, learningRate: Float, over world: borrowing Communicator)
    -> StepResult
  {
    let contrastiveLoss = contrastiveLoss(of: step)
    return StepResult(
      views: step.partition.globalBatchSize * configuration.views.count, loss: Double(reduced(vectorLayout.loss)),
      lowerBound: (contrastiveLoss?.lowerBound ?? 0) + crossEntropyBound(of: batch), contrastiveLoss: contrastiveLoss,
      trainTop1: trainTop1(step.partition), learningRate: learningRate, isStopRequested: reduced(vectorLayout.stop) > 0,
      partSeconds: step.clock.seconds,
      shardTurns: (step.owned.count + workers.threadCount - 1) / workers.threadCount,
      partReceivedByteCounts: step.clock.receivedByteCounts,
      communicationVolume: world.activity.communicationVolume.since(step.volumeBefore))
  }
}

extension TrainingState {
  /// Moves the running statistics towards the shards' mean batch statistics, with BatchNorm's momentum.
  func updateStatistics(with sums: Span<Float>, shards: Int) {
    statistics.withMutableSpan(statistics.indices) { statistics in
      for index in statistics.indices {
        statistics[index] += ResNet.statisticsMomentum * (sums[index] / Float(shards) - statistics[index])
      }
    }
  }
}
