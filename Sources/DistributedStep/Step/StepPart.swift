/// The parts of a training step, in the order of computation.
///
/// The first two are within others, which are counted without them. The time of a part that ends in a collective includes the waiting for the slowest rank.
package enum StepPart: Int, CaseIterable, Sendable {
  /// Samples → views, within the forward pass.
  case data
  /// The sums of BatchNorm's statistics over ranks, within forward and backward pass, where shards share them.
  case statistics
  /// Views → embeddings.
  case forward
  /// The all-gather of embeddings and labels.
  case gather
  /// The loss and the embedding gradients.
  case loss
  /// Embedding gradients → gradients, summed over this rank's shards; includes recomputed forward passes.
  case backward
  /// The reduction over the ranks.
  case reduce
  /// The optimizer, the running statistics and the check that all numbers are finite.
  case update

  /// The name of the part in tables and files.
  package var name: String { "\(self)" }
}
