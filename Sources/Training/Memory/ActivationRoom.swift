/// For which shards of a rank there is memory to keep activations from the forward to the backward pass.
///
/// Where it does not reach for all, every thread's model has room of its own for the last shard that it computed, which is the first to run
/// backward.
struct ActivationRoom {
  /// Whether all shards keep theirs.
  let isKeepingAll: Bool
  /// How many shards have room to themselves.
  let keptCount: Int
  /// How many shards' activations exist at once, with those of the threads' models.
  let heldCount: Int

  /// Divides `byteCount` bytes between so many shards.
  package init(byteCount: Int, shardByteCount: Int, shards: Int, threads: Int) {
    let affordable = byteCount / max(shardByteCount, 1)
    isKeepingAll = affordable >= shards
    keptCount = isKeepingAll ? shards : max(0, affordable - threads)
    heldCount = isKeepingAll ? shards : keptCount + threads
  }
}
