/// The division of a rank's activation memory between its shards, the fixed parts of the global batch.
///
/// If the memory does not suffice for all shards, every thread saves at least the activations of the last shard that it
/// ran forward, which is the first to run backward; the remaining shards are recomputed.
package struct ActivationBudget {
  /// True if the activations of all shards are saved until the backward pass.
  package let isKeepingAll: Bool
  /// The number of shards with activation memory of their own.
  package let keptCount: Int
  /// The number of shards whose activations can be in memory at once: ``keptCount``, and one per thread in shared
  /// memory.
  package let heldCount: Int
  /// The number of shards of which only the outputs of residual blocks are saved (activation checkpointing).
  package let blockOutputShardCount: Int

  /// Divides `byteCount` bytes between shards of `shardByteCount` bytes each.
  package init(byteCount: Int, shardByteCount: Int, shards: Int, threads: Int) {
    let affordable = byteCount / max(shardByteCount, 1)
    isKeepingAll = affordable >= shards || shards <= threads
    keptCount = isKeepingAll ? shards : max(0, affordable - threads)
    heldCount = isKeepingAll ? shards : keptCount + threads
    blockOutputShardCount = 0
  }

  /// Divides `byteCount` bytes between shards that run in lockstep, because they share BatchNorm statistics, so that
  /// the activations of all of them exist at once.
  ///
  /// - Parameters:
  ///   - byteCount: The bytes to divide.
  ///   - shardByteCount: The bytes of a shard of which all activations are saved.
  ///   - blockOutputByteCount: The bytes of a shard of which only the outputs of residual blocks are saved, with memory
  ///     to recompute one block at a time: the minimum for a shard.
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
