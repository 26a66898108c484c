/// The messages of a ``GroupReduction``, counted without sending any.
///
/// A vector takes two all-to-alls: in the first each rank of a group receives its slice of the others' partial sums, in
/// the second the completed slices of all others.
public struct GroupMessages: Sendable {
  /// A rank of a group.
  public struct Member: Sendable {
    /// The number of the rank among all ranks.
    public let rank: Int
    /// The number of partial sums that it brings: its maximal subtrees of the group's tree.
    public let partialSums: Int
  }

  /// The ranks of each group.
  public let groups: [[Member]]
  /// True if a group is on several ranks: then all ranks call both collectives, else none does.
  public var isSpanningRanks: Bool { groups.contains { members in members.count > 1 } }

  /// Counts the ranks of each group.
  ///
  /// - Parameters:
  ///   - groupSize: The shards of a group, a divisor of their number.
  ///   - shards: The shards of each rank.
  public init(groupSize: Int, shards: BlockPartition) {
    let shardCount = shards.ranges.map(\.upperBound).max() ?? 0
    precondition(
      groupSize > 0 && shardCount.isMultiple(of: groupSize), "groups of \(groupSize) of \(shardCount) shards")
    let tree = ShardTree(leafCount: groupSize)
    var groups = [[Member]](repeating: [], count: shardCount / groupSize)
    for (rank, range) in shards.ranges.enumerated() where !range.isEmpty {
      for group in range.lowerBound / groupSize...(range.upperBound - 1) / groupSize {
        let start = group * groupSize
        let own = range.clamped(to: start..<start + groupSize)
        let nodes = tree.maximalSubtrees(inside: own.lowerBound - start..<own.upperBound - start)
        groups[group].append(Member(rank: rank, partialSums: nodes.count))
      }
    }
    self.groups = groups
  }

  /// Returns the number of elements of a vector that each member of a group completes.
  ///
  /// - Parameters:
  ///   - group: The index of the group.
  ///   - length: The number of elements of the vector.
  /// - Returns: As many numbers as the group has members.
  public func slices(ofGroup group: Int, length: Int) -> [Int] {
    BlockPartition(total: length, parts: groups[group].count).ranges.map(\.count)
  }
}
