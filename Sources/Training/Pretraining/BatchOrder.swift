import Datasets

/// Which samples each step of a run takes: every epoch a new order, cut into global batches.
struct BatchOrder {
  private let recipe: Recipe
  private let sampleCount: Int
  private var epoch = -1
  private var samples: [Int32] = []

  /// The order of a training set that fills at least one batch.
  init(_ recipe: Recipe, sampleCount: Int) {
    self.recipe = recipe
    self.sampleCount = sampleCount
  }

  /// The global batch of a step, counted from the run's beginning, and its epoch; the last partial batch of an epoch is left out.
  mutating func batch(ofStep step: Int) -> (epoch: Int, samples: ArraySlice<Int32>) {
    let stepsPerEpoch = sampleCount / recipe.batchSize
    if epoch != step / stepsPerEpoch {
      epoch = step / stepsPerEpoch
      samples = SampleOrder.permutation(of: sampleCount, seed: recipe.seed, epoch: epoch)
    }
    let first = step % stepsPerEpoch * recipe.batchSize
    return (epoch, samples[first..<first + recipe.batchSize])
  }
}
