/// The parts of a training step, in the order of computation.
///
/// The time of a part that ends in a collective includes the wait for the slowest rank.
package enum StepPart: Int, CaseIterable, Sendable {
  /// Samples → views, within the forward pass.
  case data
  /// The sums of BatchNorm statistics over ranks, within forward and backward pass, if shards share statistics.
  case statistics
  /// Views → embeddings.
  case forward
  /// The all-gather of embeddings and labels.
  case gather
  /// The computation of the contrastive loss and of the gradient of the embeddings.
  case loss
  /// The backward pass: embedding gradients → parameter gradients, summed over this rank's shards; includes recomputed
  /// forward passes.
  case backward
  /// The all-reduce of the gradients over the ranks.
  case reduce
  /// The update of parameters and running statistics, and the check that all numbers are finite.
  case update

  /// The name of the part in tables and files.
  package var name: String { "\(self)" }
}
