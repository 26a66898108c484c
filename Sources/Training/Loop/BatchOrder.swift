import DataLoading
import Datasets

/// The samples of one step.
package struct GlobalBatch {
  /// The step, counted from the start of the run.
  let step: Int
  /// The epoch, from 0.
  let epoch: Int
  /// The samples' numbers in the dataset, the same list on every rank.
  let samples: ArraySlice<Int32>
}

/// The global batches of a run in their order.
package struct BatchOrder {
  private let sampler: Sampler
  private var epoch = -1
  private var batches: [ArraySlice<Int32>] = []

  /// The order of a sampler's epochs.
  package init(_ sampler: Sampler) {
    self.sampler = sampler
  }

  /// The batch of a step.
  package mutating func batch(ofStep step: Int) -> GlobalBatch {
    if epoch != step / sampler.stepsPerEpoch {
      epoch = step / sampler.stepsPerEpoch
      batches = sampler.batches(ofEpoch: epoch)
    }
    return GlobalBatch(step: step, epoch: epoch, samples: batches[step % sampler.stepsPerEpoch])
  }
}
