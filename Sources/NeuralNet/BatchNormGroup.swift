/// The shards that BatchNorm normalizes with the same statistics, as one of them sees it.
///
/// Its shards run through the network side by side: each stops at every BatchNorm until all have brought their sums.
public protocol BatchNormGroup: AnyObject {
  /// Sums a vector of each shard, element by element.
  ///
  /// Blocks until every shard of the group has passed its own of the same length; all receive the same bits.
  func sum(_ vector: [Double]) -> [Double]
}

/// The sums of a shard's BatchNorm, with those of its group.
struct GroupSums {
  var own: BatchNormalization.Sums
  var total: BatchNormalization.Sums
}

/// The lengths of the vectors that the shards of a group sum in a pass, in the order of the pass.
public struct BatchNormExchangeLengths: Sendable {
  /// The lengths in the forward pass.
  public internal(set) var forward: [Int] = []
  /// The lengths in the backward pass.
  public internal(set) var backward: [Int] = []

  /// Registers the vectors of the next layer of the network.
  mutating func add(forward own: [Int], backward: Int) {
    forward += own
    self.backward.insert(backward, at: 0)
  }
}

extension NetworkContext {
  /// Returns the sum of the vectors that the shards of the group pass; the vector itself for a shard alone.
  func sumOverGroup(_ vector: [Double]) -> [Double] {
    guard let batchNormGroup, !vector.isEmpty else { return vector }
    return batchNormGroup.sum(vector)
  }

  /// Returns the shard's own sums of a BatchNorm together with the sums over its group.
  func groupSums(_ own: BatchNormalization.Sums) -> GroupSums {
    GroupSums(own: own, total: sumOverGroup(own))
  }

  /// Returns the own and the group's sums of two BatchNorm layers at the same place in the network, in one message.
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
