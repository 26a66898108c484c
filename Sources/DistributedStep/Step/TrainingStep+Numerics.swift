import Configuration
import FlatVectors
import Job
import MPI
import NeuralNet
import Runs

extension TrainingStep {
  /// Throws if the loss or the gradient is not finite; all ranks throw, because all have the same sums.
  ///
  /// Before it throws, the step is computed again, layer by layer, to find the first number that is not finite.
  ///
  /// Collective if a number is not finite.
  ///
  /// - Parameters:
  ///   - state: The state before the step.
  ///   - batch: The samples of the step.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming step, shard, rank and layer.
  func checkFinite(_ state: TrainingState, _ batch: GlobalBatch, over world: borrowing Communicator) throws {
    let value = reduced(vectorLayout.loss)
    let isGradientFinite = sums.withTotal { total in total.extracting(vectorLayout.gradient).isFinite }
    guard !value.isFinite || !isGradientFinite else { return }
    let place = try firstNonFinite(state, batch, over: world) ?? "a sum over the shards is not finite"
    throw CollectiveError(
      error: RunError(
        .software,
        "step \(state.step + 1): the loss is \(shown(Double(value))): \(place)",
        remedy:
          "lower --learning-rate or lengthen --warmup-epochs, and look at the data; \(RunStatus.adviceWhenDiverged)",
        isDivergence: true))
  }

  /// Checks every value of this rank's state for NaN and infinity (`--check-numerics`).
  ///
  /// - Throws: ``RunError`` naming the first parameter or statistic that is not finite.
  func checkFinite(_ state: TrainingState) throws {
    func check(_ vector: FlatVector, _ layout: VectorLayout, _ title: String) throws {
      for slice in layout.slices where !vector.withSpan({ elements in elements.extracting(slice.range).isFinite }) {
        throw RunError(
          .software, "step \(state.step): \(title) \(slice.name) are not finite",
          remedy: "lower --learning-rate; \(RunStatus.adviceWhenDiverged)", isDivergence: true)
      }
    }
    try check(state.parameters, state.parameterLayout, "the weights of")
    try check(state.statistics, state.statisticsLayout, "the running statistics")
    for (name, vector) in zip(state.optimizer.stateNames, state.optimizer.state) {
      try check(vector, state.parameterLayout, "the numbers of the optimizer's \(name) of")
    }
    if let average = state.average {
      try check(average.parameters, state.parameterLayout, "the averaged weights of")
      try check(average.statistics, state.statisticsLayout, "the averaged running statistics")
    }
  }

  /// Describes the first NaN or infinity in the order of computation; `nil` if no shard has one.
  ///
  /// Collective.
  private func firstNonFinite(
    _ state: TrainingState, _ batch: GlobalBatch, over world: borrowing Communicator
  ) throws -> String? {
    let partition = partition(of: batch)
    let owned = partition.shards[world.rank]
    let views = requests(of: batch, owned)
    let check = NumericsCheck()
    let parameters = state.parameters
    let pass = workers.compute(owned.count, parameters: parameters) {
      [self, loader, workers] model, activations, index in
      let shard = owned.lowerBound + index
      try loader.fill(model.encoder.views, views[index])
      try model.forward(activations, parameters: parameters, inspect: check.inspector(ofShard: shard))
      check.check(embeddings: activations.projection?.embeddings ?? [], shard: shard)
      _ = model.crossEntropy(
        of: activations, labels: labels(ofRows: views[index]), weight: crossEntropyWeight(partition))
      let gradient = try model.wholeGradient(activations, parameters: parameters)
      check.check(gradient: gradient.span, workers.layout.parameters, shard: shard)
    }
    if partition.statistics == nil {
      try world.throwingTogether { try pass.run() }
    } else {
      // With collectives of its own, a pass that fails on one rank ends the job at once.
      let exchanges = workers.model.batchNormExchangeLengths
      try run(pass, exchanges.forward + exchanges.backward, partition, over: world)
    }
    let found = try world.allGather(value: check.finding)
    let places = found.enumerated().compactMap { rank, finding in
      finding.map { finding in (rank: rank, finding: finding) }
    }
    let first = places.min { one, other in
      (one.finding.order, one.finding.shard) < (other.finding.order, other.finding.shard)
    }
    return first.map { rank, finding in
      "\(finding.what) of shard \(finding.shard) (rank \(rank)) are not finite"
    }
  }
}
