/// The division of a rank's memory for activations between its shards.
///
/// If it does not suffice for all, every thread keeps the last shard that it ran forward, which is the first to run backward.
package struct ActivationRoom {
  /// True if all shards keep their activations.
  package let isKeepingAll: Bool
  /// The number of shards with activations of their own.
  package let keptCount: Int
  /// The number of activations that exist at once, including those that threads share.
  package let heldCount: Int

  /// Divides `byteCount` bytes between shards of equal size.
  package init(byteCount: Int, shardByteCount: Int, shards: Int, threads: Int) {
    let affordable = byteCount / max(shardByteCount, 1)
    isKeepingAll = affordable >= shards || shards <= threads
    keptCount = isKeepingAll ? shards : max(0, affordable - threads)
    heldCount = isKeepingAll ? shards : keptCount + threads
  }
}
