import MPI

/// The division of the rows of a global batch into shards, blocks of anchors, and ranks.
///
/// A shard, a fixed part of the global batch, belongs to one rank as a whole. Blocks of anchors lie within shards and
/// are counted from the shard's start, so that they are the same on any number of ranks.
public struct RowBlocks: Sendable {
  /// The number of rows of the global batch.
  public let rowCount: Int

  /// The number of rows of each shard; the last shard may have fewer.
  public let rowsPerShard: Int

  /// The range of shards of each rank.
  public let shards: BlockPartition

  /// Divides `rowCount` rows into shards, and the shards over `ranks` ranks, evenly.
  ///
  /// - Precondition: `rowCount` and `rowsPerShard` are positive.
  public init(rowCount: Int, rowsPerShard: Int, ranks: Int) {
    self.init(
      rowCount: rowCount, rowsPerShard: rowsPerShard,
      shards: BlockPartition(total: (rowCount + rowsPerShard - 1) / max(rowsPerShard, 1), parts: ranks))
  }

  /// Divides `rowCount` rows into shards, of which each rank has the given range.
  ///
  /// - Precondition: `rowCount` and `rowsPerShard` are positive, and `shards` covers all shards.
  public init(rowCount: Int, rowsPerShard: Int, shards: BlockPartition) {
    precondition(rowCount > 0 && rowsPerShard > 0, "\(rowCount) rows in shards of \(rowsPerShard)")
    precondition(
      shards.ranges.last?.upperBound == (rowCount + rowsPerShard - 1) / rowsPerShard,
      "\(shards.ranges) of \(rowCount) rows in shards of \(rowsPerShard)")
    self.rowCount = rowCount
    self.rowsPerShard = rowsPerShard
    self.shards = shards
  }

  /// Returns the rows of one shard.
  public func rows(ofShard shard: Int) -> Range<Int> {
    shard * rowsPerShard..<min((shard + 1) * rowsPerShard, rowCount)
  }

  /// Returns the rows of all shards of one rank.
  public func rows(ofRank rank: Int) -> Range<Int> {
    let own = shards[rank]
    return min(own.lowerBound * rowsPerShard, rowCount)..<min(own.upperBound * rowsPerShard, rowCount)
  }

  /// Divides rows into blocks of at most `limit` rows.
  static func blocks(of rows: Range<Int>, limit: Int) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: limit).map { first in
      first..<min(first + limit, rows.upperBound)
    }
  }
}
