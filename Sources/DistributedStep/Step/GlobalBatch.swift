/// The samples of one step.
package struct GlobalBatch {
  /// The step, counted from the start of the run.
  package let step: Int
  /// The epoch, from 0.
  package let epoch: Int
  /// The samples' numbers in the dataset, the same list on every rank.
  package let samples: ArraySlice<Int32>

  /// A batch with all its fields.
  package init(step: Int, epoch: Int, samples: ArraySlice<Int32>) {
    self.step = step
    self.epoch = epoch
    self.samples = samples
  }
}
