import Configuration
import Job
import MPI
import NeuralNet
import Runs

extension TrainingStep {
  /// Ends the run where loss or gradient are no longer finite: known to all ranks alike, as the reduction is.
  ///
  /// The step is then computed once more, layer by layer, to name where it began.
  ///
  /// Collective where they are not finite.
  ///
  /// - Parameters:
  ///   - state: The state that the step began with.
  ///   - batch: Its samples.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming step, shard, rank and layer.
  func checkFinite(_ state: TrainingState, _ batch: GlobalBatch, over world: borrowing Communicator) throws {
    let value = reduced[vector.loss]
    guard !value.isFinite || !reduced[vector.gradient].allSatisfy(\.isFinite) else { return }
    let place = try firstNonFinite(state, batch, over: world) ?? "a sum over the shards is not finite"
    throw CollectiveError(
      error: RunError(
        .software,
        "step \(state.step + 1): the loss is \(value): \(place); lower --learning-rate or lengthen --warmup-epochs, and look at the data"
      ))
  }

  /// Looks at all that this rank's state holds (`--check-numerics`).
  ///
  /// - Throws: ``RunError`` naming the first slice with a number that is not finite.
  func checkFinite(_ state: TrainingState) throws {
    func check(_ vector: [Float], _ layout: VectorLayout, _ title: String) throws {
      for slice in layout.slices where !vector[slice.range].allSatisfy(\.isFinite) {
        throw RunError(
          .software, "step \(state.step): \(title) \(slice.name) are not finite; lower --learning-rate")
      }
    }
    try check(state.parameters, state.parameterLayout, "the weights of")
    try check(state.statistics, state.statisticsLayout, "the running statistics")
    for (name, vector) in zip(state.optimizer.stateNames, state.optimizer.state) {
      try check(vector, state.parameterLayout, "the numbers of the optimizer's \(name) of")
    }
  }

  /// Where the walk first gives a number that is not finite, in words; `nil` if no shard does.
  ///
  /// Collective.
  private func firstNonFinite(
    _ state: TrainingState, _ batch: GlobalBatch, over world: borrowing Communicator
  ) throws -> String? {
    let plan = plan(of: batch)
    let owned = plan.runs[world.rank]
    let views = requests(of: batch, owned)
    let check = NumericsCheck()
    let parameters = state.parameters
    try world.throwingTogether {
      try shards.compute(owned.count) { [self, loader, shards, vector] model, pass, index in
        let shard = owned.lowerBound + index
        try loader.fill(model.encoder.views, views[index])
        try model.forward(pass, parameters: parameters, inspect: check.inspector(ofShard: shard))
        check.check(embeddings: pass.projection?.embeddings ?? [], shard: shard)
        _ = model.crossEntropy(
          of: pass, labels: labels(ofRows: views[index].samples), weight: crossEntropyWeight(plan))
        var gradient = [Float](repeating: 0, count: vector.count)
        var elements = gradient.mutableSpan
        try model.backward(pass, parameters: parameters, into: &elements)
        check.check(gradient: gradient.span, shards.layout.parameters, shard: shard)
      }
    }
    let own = check.finding
    let found = try world.allGather(
      text: own.map { finding in "\(finding.order) \(finding.shard) \(finding.what)" } ?? "")
    let places = found.enumerated().compactMap { rank, text -> (order: Int, shard: Int, text: String)? in
      let words = text.split(separator: " ", maxSplits: 2)
      guard words.count == 3, let order = Int(words[0]), let shard = Int(words[1]) else { return nil }
      return (order, shard, "\(words[2]) of shard \(shard) (rank \(rank)) are not finite")
    }
    return places.min { first, second in (first.order, first.shard) < (second.order, second.shard) }?.text
  }
}
