import Configuration
import DataLoading
import Datasets
import FlatVectors
import Imaging
import Inference
import MPI
import NeuralNet
import OneDNN

/// The shards of this rank (fixed parts of the global batch) and the threads that compute them in parallel.
///
/// At most ``threadCount`` threads compute at a time, each one shard. Every thread has a model of its own. Activations
/// beyond the memory limit are recomputed in the backward pass, bit for bit. The result does not depend on which thread
/// computes a shard. Shards that share BatchNorm statistics run in lockstep, each with a model of its own.
final class ShardWorkers {
  /// A function that writes the views of one of this rank's shards into the encoder's input.
  typealias ViewSource = (_ views: Tensor, _ shard: Int) throws -> Void

  private let configuration: Configuration
  private let dataset: any ImageDataset
  private let models: [TrainingModel]
  private let shards: [TrainingModel.ShardActivations]
  private let store: ActivationStore
  private let activity: Activity
  /// The weights in oneDNN's memory format, shared by all models.
  private let packedWeights = PackedWeights()
  /// The number of times that weights were packed.
  private var loadCount = 0

  /// The first model; all models are identical.
  var model: TrainingModel { models[0] }
  var modelCount: Int { models.count }
  /// The number of shards that are computed at a time.
  let threadCount: Int
  var layout: ModelLayout { model.layout }

  /// The memory of the packed weights.
  let weightStorage: PackedWeightStorage
  /// The bytes of one shard's saved activations.
  var activationsPerShard: Int { store.byteCountPerShard }
  /// The bytes of a shard of which only the outputs of residual blocks are saved, with memory to recompute one block.
  var blockOutputsPerShard: Int { store.blockOutputByteCountPerShard }
  /// The division of the activation memory between the shards.
  var budget: ActivationBudget { store.budget }

  /// Compiles a model for each thread, or for each shard if shards run in lockstep, and allocates `capacity` shards.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the run.
  ///   - dataset: The training set.
  ///   - teacher: The teacher that the configuration names.
  ///   - capacity: The largest number of shards that this rank owns in a batch.
  ///   - activationByteCount: The memory limit for activations, in bytes.
  ///   - activity: The progress counter that the watchdog observes; every pass over a shard counts.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  init(
    _ configuration: Configuration, _ dataset: any ImageDataset, teacher: Teacher?, capacity: Int,
    activationByteCount: Int, activity: Activity
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.activity = activity
    useOneThreadPerPrimitive()
    let engine = try Engine()
    let (packedWeights, teacherWeights) = (packedWeights, PackedWeights())
    let isSharing = configuration.batches.isSharingStatistics
    threadCount = min(configuration.compute.threads, capacity)
    models = try (0..<(isSharing ? capacity : threadCount)).map { _ in
      try TrainingModel(
        engine, configuration, viewSize: configuration.trainingViewSize(of: dataset),
        rows: configuration.batches.shardSize * configuration.views.count, teacher: teacher,
        packedWeights: packedWeights, teacherWeights: teacherWeights)
    }
    let model = models[0]
    let store =
      isSharing
      ? try ActivationStore(ofShardsSideBySide: models.map(\.encoder), byteCount: activationByteCount)
      : try ActivationStore(model.encoder, byteCount: activationByteCount, shards: capacity, threads: threadCount)
    self.store = store
    shards = (0..<capacity).map { shard in model.makeActivations(encoder: store.kept(byShard: shard)) }
    weightStorage = Self.weightStorage(store.budget, shards: capacity, models: models.count)
    if weightStorage == .onUse {
      model.packWeightsOnUse()
    } else {
      packedWeights.setStorage(weightStorage)
    }
  }

  /// Returns the memory of the packed weights.
  ///
  /// A single thread with one or two shards packs the weights again for each of them, which takes 1 % of the time. If
  /// shards run forward again within the backward pass, the weights of both passes are needed at once.
  static func weightStorage(_ budget: ActivationBudget, shards: Int, models: Int) -> PackedWeightStorage {
    budget.isKeepingAll ? (models == 1 && shards <= 2 ? .onUse : .alternating) : .separate
  }

  /// Allocates and fills the packed weights, before the first step.
  func load(_ parameters: FlatVector) throws {
    let load = load(.forward, parameters)
    for (thread, model) in models.enumerated() {
      try load(model, thread)
    }
  }

  /// Returns a function that all threads call, each for its own model, to pack the weights for a pass together.
  private func load(
    _ uses: WeightUses, _ parameters: FlatVector
  ) -> (_ model: TrainingModel, _ thread: Int) throws -> Void {
    loadCount += 1
    let loading = WeightLoading(weightStorage == .separate ? .all : uses, turn: loadCount)
    return { model, _ in try model.load(parameters, loading) }
  }

  /// Creates a loader that fills views in the memory layout of the encoder's input.
  func makeLoader(threads: Int) throws -> ShardPrefetcher {
    let viewSize = configuration.trainingViewSize(of: dataset)
    var loader = ShardLoader(
      dataset, configuration.views.augmentation, viewSize: viewSize, views: configuration.views.count,
      seed: configuration.compute.seed,
      layout: viewLayout)
    loader.fullSize = configuration.viewSize(of: dataset)
    loader.alternatesFlip = configuration.views.alternatesFlip
    loader.mixing = configuration.mixing
    return ShardPrefetcher(
      loader, elements: configuration.batches.shardSize * configuration.views.count * 3 * viewSize.pixelCount,
      threads: threads, requests: 2 * shards.count)
  }

  /// The memory strides of a view in the encoder's input.
  var viewLayout: ImageLayout { model.encoder.viewLayout }

  // MARK: - Passes

  /// Prepares the forward pass over the first `shardCount` shards, views → embeddings and logits, without starting it.
  func forward(_ shardCount: Int, parameters: FlatVector, views: @escaping ViewSource) -> ShardPass {
    let load = load(.forward, parameters)
    return pass(shardCount) { [store] model, thread in
      try load(model, thread)
      store.takeBack(onThread: thread)
    } body: { [store, activity] model, shard, place in
      store.lend(to: shard, onThread: place.thread)
      try views(model.encoder.views, place.shard)
      try model.forward(shard, parameters: parameters)
      activity.progressed()
    }
  }

  /// Prepares the backward pass over the first `shardCount` shards, from the last to the first, without starting it.
  ///
  /// - Parameters:
  ///   - shardCount: The number of shards of the batch that this rank owns.
  ///   - parameters: The parameters of the forward pass.
  ///   - views: Makes the views again, for shards whose activations are recomputed.
  ///   - body: The backward computation of one shard.
  /// - Returns: The pass, to be run or started by the caller.
  func backward(
    _ shardCount: Int, parameters: FlatVector, views: @escaping ViewSource,
    eachShard body:
      @escaping (_ model: TrainingModel, _ shard: TrainingModel.ShardActivations, _ index: Int) throws
      -> Void
  ) -> ShardPass {
    // With separate memory, the forward pass has already loaded the weights of both passes.
    let prepare = weightStorage == .alternating ? load(.inputGradient, parameters) : { _, _ in }
    return pass(shardCount, inReverse: true, prepare: prepare) { [store, activity] model, shard, place in
      if shard.encoder == nil {
        store.lend(to: shard, onThread: place.thread)
        try views(model.encoder.views, place.shard)
        try model.forward(shard, parameters: parameters, isRepeated: true)
        activity.progressed()
      }
      try body(model, shard, place.shard)
      activity.progressed()
    }
  }

  /// Prepares a pass in which `body` runs each of the first `shardCount` shards forward and backward, without starting
  /// it.
  ///
  /// The training step cannot continue afterwards, because the weights for both passes stay in memory from now on.
  func compute(
    _ shardCount: Int, parameters: FlatVector,
    eachShard body:
      @escaping (_ model: TrainingModel, _ shard: TrainingModel.ShardActivations, _ index: Int) throws
      -> Void
  ) -> ShardPass {
    packedWeights.setStorage(.separate)
    loadCount += 1
    let loading = WeightLoading(.all, turn: loadCount)
    return pass(shardCount) { model, _ in
      try model.load(parameters, loading)
    } body: { [store] model, shard, place in
      store.lend(to: shard, onThread: place.thread)
      try body(model, shard, place.shard)
    }
  }

  private func pass(
    _ shardCount: Int, inReverse isReversed: Bool = false,
    prepare: @escaping (_ model: TrainingModel, _ thread: Int) throws -> Void,
    body: @escaping ShardPass.Body
  ) -> ShardPass {
    ShardPass(
      models: models, threads: threadCount, shards: shards,
      queue: ShardQueue(
        count: shardCount, threads: threadCount, isReversed: isReversed, isRoundRobin: !store.budget.isKeepingAll),
      prepare: prepare, body: body)
  }

  // MARK: - Embeddings

  /// Returns the embeddings of the first `shardCount` shards, `[rows, width]`; every row has unit length.
  func embeddings(_ shardCount: Int) -> [Float] {
    shards.prefix(shardCount).compactMap(\.projection).flatMap(\.embeddings)
  }

  /// Sets the embedding gradients of the first `shardCount` shards; `fill` writes them as one `[rows, width]` matrix.
  func setEmbeddingGradients(_ shardCount: Int, _ fill: (inout MutableSpan<Float>) -> Void) {
    let projections = shards.compactMap(\.projection)
    let count = projections.first?.embeddings.count ?? 0
    var gradients = [Float](repeating: 0, count: shardCount * count)
    var rows = gradients.mutableSpan
    fill(&rows)
    for (index, projection) in projections.prefix(shardCount).enumerated() {
      projection.embeddingGradient.replaceSubrange(0..<count, with: gradients[index * count..<(index + 1) * count])
    }
  }

  /// Sets the gradient of the prototypes that this rank's first shard adds to the sum; empty if another rank adds it.
  func setPrototypeGradient(_ gradient: [Float]) {
    shards.first?.prototypeGradient = gradient
  }

  /// Returns the activations of the first `shardCount` shards after a step, for ``StepDump``, with the number of
  /// elements per shard.
  func dumpedRows(_ shardCount: Int) -> [(name: String, elements: [Float], perShard: Int)] {
    let parts: [(name: String, elements: (TrainingModel.ShardActivations) -> [Float]?)] = [
      ("representations", { shard in shard.representations }),
      ("embeddings", { shard in shard.projection?.embeddings }),
      ("embedding-gradients", { shard in shard.projection?.embeddingGradient }),
    ]
    // A rank without shards in a small batch still has allocated shards, with the same arrays.
    return parts.compactMap { name, elements in
      elements(shards[0]).map { first in
        (name, shards.prefix(shardCount).flatMap { shard in elements(shard) ?? [] }, first.count)
      }
    }
  }
}
