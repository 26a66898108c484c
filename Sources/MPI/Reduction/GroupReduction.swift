/// The reduction of one short vector per shard (part of the global batch), such as BatchNorm sums, over groups of
/// consecutive shards; each rank receives the sums of the groups that contain its shards.
///
///     groups of 4     rank 0  [a b c]   a + b + c + d
///                     rank 1  [d e f]   a + b + c + d,  e + f + g + h
///                     rank 2  [g h]                     e + f + g + h
///
/// Each group is summed along a ``ShardTree`` of its own, so the sums have the same bits on any number of ranks. If a
/// group is on several ranks, each of them sums one slice of the vector and sends the result to the others, with two
/// all-to-alls: a rank receives two to three vectors per group, on any number of ranks.
public struct GroupReduction: Sendable {
  /// The number of consecutive shards (parts of the global batch) in a group.
  public let groupSize: Int
  /// True if any group has shards on several ranks; the same value on all ranks.
  public let isSpanningRanks: Bool

  private let tree: ShardTree
  private let rank: Int
  private let groups: [Group]
  /// For each rank, the only group that has shards of both that rank and this one; `nil` if there is none.
  private let shared: [Shared?]

  /// A group that contains shards of this rank.
  private struct Group: Sendable {
    /// The ranks that have shards of the group (members), ascending.
    let members: [Int]
    /// For each member, the largest subtrees of the group's tree that contain only its shards.
    let nodes: [[ShardTree.Node]]
    /// The positions of the group's shards in the list of this rank's shards.
    let own: Range<Int>
    /// The position of this rank's first shard within the group.
    let first: Int
    /// The index of this rank in ``members``.
    let place: Int

    /// Returns the slice of a vector of `count` elements that each member sums.
    func slices(of count: Int) -> BlockPartition { BlockPartition(total: count, parts: members.count) }
  }

  /// Another rank in a group: the group's index, and the rank's index among its members.
  private struct Shared {
    let group: Int
    let member: Int
  }

  /// Plans the messages and additions of one rank.
  ///
  /// - Parameters:
  ///   - groupSize: The number of shards in a group, a divisor of the number of all shards.
  ///   - shards: The range of shards of each rank.
  ///   - rank: The number of this rank.
  public init(groupSize: Int, shards: BlockPartition, rank: Int) {
    let messages = GroupMessages(groupSize: groupSize, shards: shards)
    isSpanningRanks = messages.isSpanningRanks
    self.groupSize = groupSize
    self.rank = rank
    let tree = ShardTree(leafCount: groupSize)
    self.tree = tree
    let rankShards = shards[rank]
    groups = messages.groups.enumerated().compactMap { index, ranks in
      let start = index * groupSize
      let groupShards = start..<start + groupSize
      guard rankShards.overlaps(groupShards) else { return nil }
      let members = ranks.map(\.rank)
      let parts = members.map { rank in shards[rank].clamped(to: groupShards) }
      let own = rankShards.clamped(to: groupShards)
      return Group(
        members: members,
        nodes: parts.map { part in
          tree.maximalSubtrees(inside: part.lowerBound - start..<part.upperBound - start)
        },
        own: own.lowerBound - rankShards.lowerBound..<own.upperBound - rankShards.lowerBound,
        first: own.lowerBound - start, place: members.firstIndex(of: rank) ?? 0)
    }
    var shared = [Shared?](repeating: nil, count: shards.ranges.count)
    for (index, group) in groups.enumerated() {
      for (member, other) in group.members.enumerated() where other != rank {
        shared[other] = Shared(group: index, member: member)
      }
    }
    self.shared = shared
  }

  /// Returns, for each shard of this rank, the sum over the group that contains the shard.
  ///
  /// Collective if groups span ranks.
  ///
  /// - Parameters:
  ///   - vectors: One vector per shard of this rank.
  ///   - count: The number of elements of each vector, the same on all ranks.
  ///   - world: The ranks.
  /// - Returns: One sum per shard of this rank.
  /// - Throws: `MPIError` if a collective fails.
  public func sums(
    of vectors: [[Double]], count: Int, over world: borrowing Communicator
  ) throws(MPIError) -> [[Double]] {
    precondition(
      vectors.count == groups.last?.own.upperBound ?? 0 && vectors.allSatisfy { vector in vector.count == count },
      "\(vectors.count) vectors, not all of \(count) elements")
    let partial = groups.map { group in
      group.nodes[group.place].map { node in
        Self.sum(of: node) { leaf in vectors[group.own.lowerBound + leaf - group.first] }
      }
    }
    let totals = isSpanningRanks ? try exchange(partial, count: count, over: world) : partial.map { sums in sums[0] }
    return zip(groups, totals).flatMap { group, total in Array(repeating: total, count: group.own.count) }
  }

  private static func sum(of node: ShardTree.Node, _ leaf: (Int) -> [Double]) -> [Double] {
    guard !node.isLeaf else { return leaf(node.first) }
    var sums = sum(of: node.left, leaf)
    let addend = sum(of: node.right, leaf)
    var elements = sums.mutableSpan
    Double.accumulate(addend.span, into: &elements)
    return sums
  }

  /// Returns the sum over each of this rank's groups, from the sums over this rank's subtrees of each group.
  ///
  /// Collective.
  private func exchange(
    _ partial: [[[Double]]], count: Int, over world: borrowing Communicator
  ) throws(MPIError) -> [[Double]] {
    // Slice k of this rank's subtrees, for member k.
    let parts = try exchange(over: world) { group, member in
      let slice = group.slices(of: count)[member]
      return group.nodes[group.place].count * slice.count
    } receiving: { group, member in
      group.nodes[member].count * group.slices(of: count)[group.place].count
    } sent: { index, member in
      let slice = groups[index].slices(of: count)[member]
      return partial[index].flatMap { sums in sums[slice] }
    }
    var completed = groups.indices.map { index in
      completedSlice(of: index, partial[index], parts, count: count)
    }
    // The sums of this rank's slice, for all members.
    let slices = try exchange(over: world) { group, _ in
      group.slices(of: count)[group.place].count
    } receiving: { group, member in
      group.slices(of: count)[member].count
    } sent: { index, _ in
      completed[index]
    }
    for (index, group) in groups.enumerated() {
      completed[index] = group.members.indices.flatMap { member in
        member == group.place ? completed[index] : slices[group.members[member]]
      }
    }
    return completed
  }

  /// Returns the part of a group's sum that this rank computes for all members: one slice of the elements.
  private func completedSlice(of index: Int, _ partial: [[Double]], _ parts: [[Double]], count: Int) -> [Double] {
    let group = groups[index]
    let slice = group.slices(of: count)[group.place]
    var elements = group.members.enumerated().flatMap { member, rank in
      member == group.place ? partial.flatMap { sums in sums[slice] } : parts[rank]
    }
    var total = [Double](repeating: 0, count: slice.count)
    var sums = total.mutableSpan
    SliceSums<Double>(tree, owned: group.nodes, count: slice.count).finish(&elements, into: &sums)
    return total
  }

  /// Sends a block to each rank that shares a group with this one, and returns the block received from each rank.
  ///
  /// Collective.
  private func exchange(
    over world: borrowing Communicator, sending: (Group, _ member: Int) -> Int,
    receiving: (Group, _ member: Int) -> Int,
    sent: (_ group: Int, _ member: Int) -> [Double]
  ) throws(MPIError) -> [[Double]] {
    func counts(_ count: (Group, _ member: Int) -> Int) -> [Int] {
      shared.map { other in other.map { other in count(groups[other.group], other.member) } ?? 0 }
    }
    let blocks = shared.flatMap { other in other.map { other in sent(other.group, other.member) } ?? [] }
    let arriving = counts(receiving)
    var received = [Double](repeating: 0, count: arriving.reduce(0, +))
    var elements = received.mutableSpan
    try world.exchangeBlocks(
      blocks.span, sendCounts: counts(sending), into: &elements, receiveCounts: arriving)
    var end = 0
    return arriving.map { count in
      end += count
      return Array(received[end - count..<end])
    }
  }
}
