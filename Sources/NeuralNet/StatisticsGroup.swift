/// The shards that BatchNorm normalizes with the same statistics, as one of them sees it.
///
/// Its shards run through the network side by side: each stops at every BatchNorm until all have brought their sums.
public protocol StatisticsGroup: AnyObject {
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
public struct StatisticsExchanges: Sendable {
  /// Those of the forward pass.
  public internal(set) var forward: [Int] = []
  /// Those of the backward pass.
  public internal(set) var backward: [Int] = []

  /// Registers the vectors of the next layer of the network.
  mutating func add(forward own: [Int], backward: Int) {
    forward += own
    self.backward.insert(backward, at: 0)
  }
}

extension NetworkContext {
  /// Sums what each shard of the group passes; a shard alone is its own group.
  func sumOverGroup(_ vector: [Double]) -> [Double] {
    guard let statisticsGroup, !vector.isEmpty else { return vector }
    return statisticsGroup.sum(vector)
  }

  /// The same with the shard's own sums.
  func groupSums(_ own: BatchNormalization.Sums) -> GroupSums {
    GroupSums(own: own, total: sumOverGroup(own))
  }

  /// The same for two layers of the same place in the network, in one message.
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
