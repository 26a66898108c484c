import DataLoading
import Datasets
import Losses
import MPI

/// One step in progress on this rank: its share of the batch, and the intermediate results of its parts.
final class RunningStep {
  /// The division of the batch over the ranks.
  let partition: BatchPartition
  /// The numbers of this rank's shards in the global batch.
  let owned: Range<Int>
  /// The views of this rank's shards.
  let requests: [ShardPrefetcher.Request]
  /// True if this rank was asked to stop.
  let isStopping: Bool
  let clock: StepClock
  /// This rank's traffic before the step.
  let trafficBefore: Traffic

  /// The positives of each row of the global batch, after the gather; `nil` without a contrastive loss.
  var classes: RowClasses?
  /// The contrastive loss of each of this rank's shards; empty without one.
  var shardLosses: [Double] = []
  /// The backward pass, while it overlaps the reduction.
  var backwardPass: ShardPass?

  init(
    _ partition: BatchPartition, owned: Range<Int>, requests: [ShardPrefetcher.Request], isStopping: Bool,
    clock: StepClock, trafficBefore: Traffic
  ) {
    self.partition = partition
    self.owned = owned
    self.requests = requests
    self.isStopping = isStopping
    self.clock = clock
    self.trafficBefore = trafficBefore
  }
}
