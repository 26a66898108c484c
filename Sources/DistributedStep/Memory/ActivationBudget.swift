/// The division of a rank's activation memory between its shards.
///
/// If the memory does not suffice to save the activations of all shards, every thread saves at least those of the last
/// shard that it ran forward, which is the first to run backward; the others are recomputed.
package struct ActivationBudget {
  /// True if the activations of all shards are saved until the backward pass.
  package let isKeepingAll: Bool
  /// The number of shards that have memory for activations of their own.
  package let keptCount: Int
  /// The number of shards whose activations can exist at once: those with memory of their own, and one per thread in
  /// shared memory.
  package let heldCount: Int
  /// The number of shards of which only the outputs of blocks are kept.
  package let blockOutputShardCount: Int

  /// Divides `byteCount` bytes between shards of `shardByteCount` bytes each.
  package init(byteCount: Int, shardByteCount: Int, shards: Int, threads: Int) {
    let affordable = byteCount / max(shardByteCount, 1)
    isKeepingAll = affordable >= shards || shards <= threads
    keptCount = isKeepingAll ? shards : max(0, affordable - threads)
    heldCount = isKeepingAll ? shards : keptCount + threads
    blockOutputShardCount = 0
  }

  /// Divides `byteCount` bytes between shards that are computed side by side, so that the activations of all of them
  /// exist at once.
  ///
  /// - Parameters:
  ///   - byteCount: The bytes to divide.
  ///   - shardByteCount: The bytes of a shard that keeps all activations.
  ///   - blockOutputByteCount: The bytes of a shard that keeps only the outputs of its blocks, and computes one block
  ///     at a time again; the least that any shard takes.
  ///   - shards: The number of shards.
  package init(byteCount: Int, shardByteCount: Int, blockOutputByteCount: Int, shards: Int) {
    let saving = shardByteCount - blockOutputByteCount
    keptCount =
      byteCount >= shards * shardByteCount || saving <= 0
      ? shards : max(0, byteCount - shards * blockOutputByteCount) / saving
    isKeepingAll = keptCount == shards
    heldCount = keptCount
    blockOutputShardCount = shards - keptCount
  }

  /// Returns the bytes of all activations, for shards of the given sizes.
  package func byteCount(shard: Int, blockOutputs: Int) -> Int {
    heldCount * shard + blockOutputShardCount * blockOutputs
  }
}
