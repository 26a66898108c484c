import NeuralNet

/// The encoder's activations of a rank's shards, kept from the forward to the backward pass within a memory limit.
///
/// The first shards have activations of their own. The others share one set for each thread, which holds those of the last shard that
/// the thread ran forward; the rest have to run forward again.
final class ActivationStore {
  /// The activations that the shards of one thread share.
  private final class Shared {
    let activations: ResNet.SavedActivations
    /// The shard whose activations they are.
    var holder: TrainingModel.ShardActivations?

    init(_ activations: ResNet.SavedActivations) {
      self.activations = activations
    }
  }

  /// The bytes of one shard's activations.
  let byteCountPerShard: Int
  /// The division of the memory.
  let room: ActivationRoom

  private let kept: [ResNet.SavedActivations]
  /// One set for each thread; empty if every shard has activations of its own.
  private let shared: [Shared]

  /// Allocates activations for shards of one encoder.
  ///
  /// - Parameters:
  ///   - encoder: The encoder, compiled for one shard.
  ///   - byteCount: The memory that activations may take.
  ///   - shards: The number of this rank's shards.
  ///   - threads: The number of threads that compute them.
  /// - Throws: `DNNLError` if oneDNN refuses a tensor.
  init(_ encoder: ResNet, byteCount: Int, shards: Int, threads: Int) throws {
    // The first set is allocated before the memory is divided, because the division depends on its size.
    let first = try encoder.makeSavedActivations()
    byteCountPerShard = first.byteCount
    room = ActivationRoom(byteCount: byteCount, shardByteCount: first.byteCount, shards: shards, threads: threads)
    let sharedCount = room.isKeepingAll ? 0 : threads
    let all = try [first] + (1..<max(room.keptCount + sharedCount, 1)).map { _ in try encoder.makeSavedActivations() }
    kept = Array(all.prefix(room.keptCount))
    shared = all.dropFirst(room.keptCount).prefix(sharedCount).map(Shared.init)
  }

  /// The shard's own activations; `nil` for a shard that shares a set.
  func kept(byShard shard: Int) -> ResNet.SavedActivations? {
    shard < kept.count ? kept[shard] : nil
  }

  /// Gives activations to a shard that is about to run forward; those of the thread's previous shard are lost.
  ///
  /// Called by the thread itself.
  func lend(to shard: TrainingModel.ShardActivations, onThread thread: Int) {
    guard shard.encoder == nil else { return }
    shared[thread].holder?.encoder = nil
    shared[thread].holder = shard
    shard.encoder = shared[thread].activations
  }

  /// Marks the shared activations of a thread as free, because the parameters have changed.
  func takeBack(onThread thread: Int) {
    guard !shared.isEmpty else { return }
    shared[thread].holder?.encoder = nil
    shared[thread].holder = nil
  }
}
