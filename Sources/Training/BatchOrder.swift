import DataLoading
import Datasets
import DistributedStep

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
