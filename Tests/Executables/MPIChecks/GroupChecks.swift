import MPI

/// Sums over groups of shards against a sequential evaluation of each group's tree, bit by bit.
func checkGroups(_ world: borrowing Communicator) throws {
  for shards in [1, 4, 6, 8, 12] {
    for groupSize in 1...shards where shards.isMultiple(of: groupSize) {
      for length in [1, 2, 65] {
        try checkGroups(of: groupSize, shards: shards, length: length, world)
      }
    }
  }
}

private func checkGroups(of groupSize: Int, shards: Int, length: Int, _ world: borrowing Communicator) throws {
  let what = "groups of \(groupSize) of \(shards) shards, \(length) elements"
  let partition = BlockPartition(total: shards, parts: world.size)
  let reduction = GroupReduction(groupSize: groupSize, shards: partition, rank: world.rank)
  let isSpanning = partition.ranges.contains { range in
    !range.isEmpty && range.lowerBound / groupSize * groupSize != range.lowerBound
  }
  try expectEqual(reduction.isSpanningRanks, isSpanning, "\(what), spanning ranks")
  // Used layer after layer.
  for seed in 0..<2 {
    let all: [[Double]] = (0..<shards).map { shard in vector(shard: shard, length: length, seed: UInt64(seed)) }
    let own = partition[world.rank]
    let sums = try reduction.sums(of: Array(all[own]), count: length, over: world)
    try expectEqual(sums.count, own.count, "\(what), number of sums")
    for (shard, sum) in zip(own, sums) {
      let first = shard / groupSize * groupSize
      try expectEqual(sum, treeSum(all[first..<first + groupSize]), "\(what), shard \(shard)")
    }
  }
}
