import MPI

/// The partition of the rows of a global batch into shards, anchor blocks and ranks.
///
/// A shard belongs to one rank as a whole. Anchor blocks are cut inside shards at positions counted from the shard's start, so that
/// they are the same on any number of ranks.
public struct RowBlocks: Sendable {
  /// The number of rows of the global batch.
  public let rowCount: Int

  /// The number of rows of each shard; the last one may have fewer.
  public let rowsPerShard: Int

  /// The shards of each rank.
  public let shardRuns: BlockPartition

  /// Cuts `rowCount` rows into shards and gives them to `ranks` ranks.
  ///
  /// - Precondition: `rowCount` and `rowsPerShard` are positive.
  public init(rowCount: Int, rowsPerShard: Int, ranks: Int) {
    precondition(rowCount > 0 && rowsPerShard > 0, "\(rowCount) rows in shards of \(rowsPerShard)")
    self.rowCount = rowCount
    self.rowsPerShard = rowsPerShard
    shardRuns = BlockPartition(total: (rowCount + rowsPerShard - 1) / rowsPerShard, parts: ranks)
  }

  /// The rows of one shard.
  public func rows(ofShard shard: Int) -> Range<Int> {
    shard * rowsPerShard..<min((shard + 1) * rowsPerShard, rowCount)
  }

  /// The rows of one rank's shards.
  public func rows(ofRank rank: Int) -> Range<Int> {
    let shards = shardRuns[rank]
    return min(shards.lowerBound * rowsPerShard, rowCount)..<min(shards.upperBound * rowsPerShard, rowCount)
  }

  /// The anchor blocks of one shard, none larger than `limit` rows.
  func blocks(ofShard shard: Int, limit: Int) -> [Range<Int>] {
    let rows = rows(ofShard: shard)
    return stride(from: rows.lowerBound, to: rows.upperBound, by: limit).map { first in
      first..<min(first + limit, rows.upperBound)
    }
  }
}
