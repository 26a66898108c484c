/// The samples of one training step over all ranks.
package struct GlobalBatch {
  /// The step, counted from 0 at the start of the run.
  package let step: Int
  /// The number of the epoch, counted from 0.
  package let epoch: Int
  /// The indices of the samples in the dataset; the same list on every rank.
  package let samples: ArraySlice<Int32>

  /// Creates a global batch.
  package init(step: Int, epoch: Int, samples: ArraySlice<Int32>) {
    self.step = step
    self.epoch = epoch
    self.samples = samples
  }
}
