import NeuralNet
import OneDNN

/// The saved encoder activations of a rank's shards, between forward and backward pass, within a memory limit.
///
/// The first shards have buffers of their own. The others share one buffer per thread, which holds the activations of
/// the last shard that the thread ran forward; the rest run forward again before their backward pass. Shards that run
/// in lockstep (they share BatchNorm statistics) all have buffers, the last of which hold only block outputs.
final class ActivationStore {
  /// The activation buffer that the shards of one thread share.
  private final class Shared {
    let activations: ResNet.SavedActivations
    /// The shard whose activations are in the buffer; `nil` if the buffer is free.
    var holder: TrainingModel.ShardActivations?

    init(_ activations: ResNet.SavedActivations) {
      self.activations = activations
    }
  }

  /// The bytes of one shard's activations.
  let byteCountPerShard: Int
  /// The bytes of a shard of which only the outputs of residual blocks are saved, with memory to recompute one block;
  /// ``byteCountPerShard`` if there is none.
  let blockOutputByteCountPerShard: Int
  /// The division of the memory limit between the shards.
  let budget: ActivationBudget

  private let kept: [ResNet.SavedActivations]
  /// The shared buffer of each thread; empty if every shard has memory of its own.
  private let shared: [Shared]

  /// Allocates activation memory for the shards of a rank.
  ///
  /// - Parameters:
  ///   - encoder: The encoder, compiled for one shard.
  ///   - byteCount: The memory limit in bytes.
  ///   - shards: The number of this rank's shards.
  ///   - threads: The number of threads that compute them.
  /// - Throws: `DNNLError` if oneDNN cannot create a tensor.
  init(_ encoder: ResNet, byteCount: Int, shards: Int, threads: Int) throws {
    // The first buffer is allocated before the memory is divided, because the division depends on its size.
    let first = try encoder.makeSavedActivations()
    byteCountPerShard = first.byteCount
    blockOutputByteCountPerShard = first.byteCount
    budget = ActivationBudget(byteCount: byteCount, shardByteCount: first.byteCount, shards: shards, threads: threads)
    let sharedCount = budget.isKeepingAll ? 0 : threads
    let all = try [first] + (1..<max(budget.keptCount + sharedCount, 1)).map { _ in try encoder.makeSavedActivations() }
    kept = Array(all.prefix(budget.keptCount))
    shared = all.dropFirst(budget.keptCount).prefix(sharedCount).map(Shared.init)
  }

  /// Allocates activations for shards that run in lockstep, each with an encoder of its own.
  ///
  /// - Parameters:
  ///   - encoders: The encoder of each shard, all alike.
  ///   - byteCount: The memory that activations may take.
  /// - Throws: `DNNLError` if oneDNN refuses a tensor.
  init(ofShardsSideBySide encoders: [ResNet], byteCount: Int) throws {
    let shards = encoders.count
    byteCountPerShard = try encoders[0].makeSavedActivations().byteCount
    let isLarge = shards * byteCountPerShard > byteCount
    blockOutputByteCountPerShard =
      isLarge ? try Self.blockOutputByteCount(of: encoders[shards - 1]) : byteCountPerShard
    let budget = ActivationBudget(
      byteCount: byteCount, shardByteCount: byteCountPerShard, blockOutputByteCount: blockOutputByteCountPerShard,
      shards: shards)
    self.budget = budget
    kept = try encoders.enumerated().map { shard, encoder in
      try encoder.makeSavedActivations(shard < budget.keptCount ? .all : .blockOutputs)
    }
    shared = []
  }

  /// Returns the bytes of the saved outputs of residual blocks, and of the memory to recompute one block.
  static func blockOutputByteCount(of encoder: ResNet) throws -> Int {
    let before = Tensor.livingByteCount
    let blockOutputs = try encoder.makeSavedActivations(.blockOutputs)
    return withExtendedLifetime(blockOutputs) { Tensor.livingByteCount - before }
  }

  /// Returns the activations of a shard with a buffer of its own; `nil` for a shard that uses a shared buffer.
  func kept(byShard shard: Int) -> ResNet.SavedActivations? {
    shard < kept.count ? kept[shard] : nil
  }

  /// Assigns the thread's shared buffer to a shard that is about to run forward; the activations of the shard that used
  /// the buffer before are lost.
  ///
  /// Must be called on that thread. Does nothing for a shard with memory of its own.
  func lend(to shard: TrainingModel.ShardActivations, onThread thread: Int) {
    guard shard.encoder == nil else { return }
    shared[thread].holder?.encoder = nil
    shared[thread].holder = shard
    shard.encoder = shared[thread].activations
  }

  /// Marks the shared buffer of a thread as free, because the parameters have changed.
  func takeBack(onThread thread: Int) {
    guard !shared.isEmpty else { return }
    shared[thread].holder?.encoder = nil
    shared[thread].holder = nil
  }
}
