import DataLoading
import Losses
import MPI

/// A training step in progress on this rank: the rank's part of the batch, and the intermediate results.
final class StepInProgress {
  /// The division of the batch over the ranks.
  let partition: BatchPartition
  /// The range of this rank's shards in the global batch.
  let owned: Range<Int>
  /// The requests to the loader for the views of this rank's shards.
  let requests: [ShardPrefetcher.Request]
  /// True if this rank was asked to stop.
  let isStopping: Bool
  let clock: StepClock
  /// The communication volume of this rank at the start of the step.
  let volumeBefore: CommunicationVolume

  /// The classes that define the positives of each row of the global batch, after the gather; `nil` without a
  /// contrastive loss.
  var classes: RowClasses?
  /// The class prototypes of this step; `nil` without them.
  var prototypes: Prototypes.UnitRows?
  /// The contrastive loss of each of this rank's shards; empty without a contrastive loss.
  var shardLosses: [Double] = []
  /// The backward pass, if it runs while gradients are reduced; else `nil`.
  var backwardPass: ShardPass?

  init(
    _ partition: BatchPartition, owned: Range<Int>, requests: [ShardPrefetcher.Request], isStopping: Bool,
    clock: StepClock, volumeBefore: CommunicationVolume
  ) {
    self.partition = partition
    self.owned = owned
    self.requests = requests
    self.isStopping = isStopping
    self.clock = clock
    self.volumeBefore = volumeBefore
  }
}
