import DataLoading
import DistributedStep

/// The sequence of a run's global batches.
package struct BatchOrder {
  private let sampler: Sampler
  private var epoch = -1
  private var batches: [ArraySlice<Int32>] = []

  /// Creates the sequence of a sampler's batches, epoch after epoch.
  package init(_ sampler: Sampler) {
    self.sampler = sampler
  }

  /// Returns the batch of a step, counted from 0.
  package mutating func batch(ofStep step: Int) -> GlobalBatch {
    if epoch != step / sampler.stepsPerEpoch {
      epoch = step / sampler.stepsPerEpoch
      batches = sampler.batches(ofEpoch: epoch)
    }
    return GlobalBatch(step: step, epoch: epoch, samples: batches[step % sampler.stepsPerEpoch])
  }
}
