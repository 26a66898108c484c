/// The group of shards (parts of the global batch) whose BatchNorm layers use common statistics, as seen by one shard
/// (PyTorch's `SyncBatchNorm`).
///
/// The shards of a group are computed at the same time; each waits at every BatchNorm until all have passed their sums.
public protocol BatchNormGroup: AnyObject {
  /// Returns the elementwise sum of one vector per shard of the group.
  ///
  /// Blocks until every shard has called it with a vector of the same length; all shards receive the same bits.
  func sum(_ vector: [Double]) -> [Double]
}

/// The sums that BatchNorm takes over one shard (part of the global batch), and over the shard's group.
struct GroupSums {
  var own: BatchNormalization.Sums
  var total: BatchNormalization.Sums
}

/// The length of each vector that is summed over a group in a pass, in the order of the pass.
public struct BatchNormExchangeLengths: Sendable {
  /// The length of each vector that is summed in the forward pass.
  public internal(set) var forward: [Int] = []
  /// The length of each vector that is summed in the backward pass.
  public internal(set) var backward: [Int] = []

  /// Appends the lengths of the next layer of the network; the backward pass begins with the last layer.
  mutating func add(forward own: [Int], backward: Int) {
    forward += own
    self.backward.insert(backward, at: 0)
  }
}

extension NetworkContext {
  /// Returns the sum of a vector over the shards of the group; the vector itself without a group.
  func sumOverGroup(_ vector: [Double]) -> [Double] {
    guard let batchNormGroup, !vector.isEmpty else { return vector }
    return batchNormGroup.sum(vector)
  }

  /// Returns the sums of a BatchNorm layer over the shard and over its group.
  func groupSums(_ own: BatchNormalization.Sums) -> GroupSums {
    GroupSums(own: own, total: sumOverGroup(own))
  }

  /// Returns the sums of two BatchNorm layers over the shard and over its group, with a single sum over the group.
  func groupSums(
    _ first: BatchNormalization.Sums, _ second: BatchNormalization.Sums
  ) -> (first: GroupSums, second: GroupSums) {
    let total = sumOverGroup(first + second)
    return (
      GroupSums(own: first, total: Array(total[..<first.count])),
      GroupSums(own: second, total: Array(total[first.count...]))
    )
  }
}
