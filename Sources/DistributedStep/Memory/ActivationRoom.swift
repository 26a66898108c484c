/// The division of a rank's activation memory between its shards.
///
/// If the memory does not suffice to save the activations of all shards, every thread saves at least those of the last shard that it ran forward,
/// which is the first to run backward; the others are recomputed.
package struct ActivationRoom {
  /// True if the activations of all shards are saved until the backward pass.
  package let isKeepingAll: Bool
  /// The number of shards that have memory for activations of their own.
  package let keptCount: Int
  /// The number of shards whose activations can exist at once: those with memory of their own, and one per thread in shared memory.
  package let heldCount: Int

  /// Divides `byteCount` bytes between shards of `shardByteCount` bytes each.
  package init(byteCount: Int, shardByteCount: Int, shards: Int, threads: Int) {
    let affordable = byteCount / max(shardByteCount, 1)
    isKeepingAll = affordable >= shards || shards <= threads
    keptCount = isKeepingAll ? shards : max(0, affordable - threads)
    heldCount = isKeepingAll ? shards : keptCount + threads
  }
}
