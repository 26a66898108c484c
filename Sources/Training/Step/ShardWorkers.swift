import Configuration
import Datasets
import Dispatch
import Imaging
import MPI
import NeuralNet
import OneDNN

/// This rank's shards and the threads that compute them: whole shards in parallel, each on one thread.
///
/// Every thread has a model of its own; every shard keeps its pass from forward to backward. Who computes a shard changes nothing in
/// the result.
final class ShardWorkers {
  private let configuration: Configuration
  private let dataset: any ImageDataset
  private let models: [TrainingModel]
  private let passes: [TrainingModel.ShardPass]

  /// One of the models, which are all alike.
  var model: TrainingModel { models[0] }
  var threadCount: Int { models.count }
  package var layout: ModelLayout { model.layout }

  /// Whether there is memory for the activations of all own shards from forward to backward.
  private let isKeepingAll: Bool

  /// The bytes of one shard's activations.
  let activationsPerShard: Int
  /// For how many shards there is memory for them, with those that threads use in turn.
  let heldCount: Int

  /// Compiles a model for each thread and makes room for each of `capacity` shards, with its activations as far as
  /// `activationByteCount` goes.
  package init(_ configuration: Configuration, _ dataset: any ImageDataset, capacity: Int, activationByteCount: Int)
    throws
  {
    self.configuration = configuration
    self.dataset = dataset
    useOneThreadPerPrimitive()
    let engine = try Engine()
    models = try (0..<min(configuration.threads, capacity)).map { _ in
      try TrainingModel(
        engine, configuration, viewSize: configuration.viewSize(of: dataset),
        rows: configuration.shardSize * configuration.views)
    }
    let model = models[0]
    let firstActivations = try model.encoder.makeSavedActivations()
    let room = ActivationRoom(
      byteCount: activationByteCount, shardByteCount: firstActivations.byteCount, shards: capacity,
      threads: models.count)
    isKeepingAll = room.isKeepingAll
    heldCount = room.heldCount
    activationsPerShard = firstActivations.byteCount
    let keptCount = room.keptCount
    passes = try (0..<capacity).map { place in
      model.makePass(
        keptActivations: place >= keptCount
          ? nil : place == 0 ? firstActivations : try model.encoder.makeSavedActivations())
    }
    if !isKeepingAll {
      for (index, model) in models.enumerated() {
        model.ownActivations =
          index == 0 && keptCount == 0 ? firstActivations : try model.encoder.makeSavedActivations()
      }
    }
  }

  /// Gives every thread's model parameters, before the first step.
  func load(_ parameters: [Float]) throws {
    for model in models {
      try model.load(parameters)
    }
  }

  /// A loader that fills views as the encoder wants them to lie.
  func makeLoader(threads: Int) throws -> ShardPrefetcher {
    let viewSize = configuration.viewSize(of: dataset)
    let loader = ShardLoader(
      dataset, Augmentation(validated: configuration.augmentation), viewSize: viewSize, views: configuration.views,
      seed: configuration.seed,
      layout: viewLayout)
    return ShardPrefetcher(
      loader, elements: configuration.shardSize * configuration.views * 3 * viewSize.pixelCount, threads: threads)
  }

  /// Where the encoder wants the elements of a view.
  package var viewLayout: ImageLayout { model.encoder.viewLayout }

  /// The rows of the first `shardCount` own shards after a step, for ``StepDump``, and how many elements each shard has of them.
  func dumpedRows(_ shardCount: Int) -> [(name: String, elements: [Float], perShard: Int)] {
    let parts: [(name: String, elements: (TrainingModel.ShardPass) -> [Float]?)] = [
      ("representations", { pass in pass.representations }),
      ("embeddings", { pass in pass.projection?.embeddings }),
      ("embedding-gradients", { pass in pass.projection?.embeddingGradient }),
    ]
    // A rank that owns none of a small batch's shards has room for some, and knows as well what there is of each.
    return parts.compactMap { name, elements in
      elements(passes[0]).map { first in
        (name, passes.prefix(shardCount).flatMap { pass in elements(pass) ?? [] }, first.count)
      }
    }
  }

  /// The unit rows of the first `shardCount` own shards, `[rows, width]`.
  func embeddings(_ shardCount: Int) -> [Float] {
    passes.prefix(shardCount).compactMap(\.projection).flatMap(\.embeddings)
  }

  /// Gives each of the first `shardCount` own shards its rows of the gradient that `fill` writes.
  func setEmbeddingGradients(_ shardCount: Int, _ fill: (inout MutableSpan<Float>) -> Void) {
    let projections = passes.compactMap(\.projection)
    let count = projections.first?.embeddings.count ?? 0
    var gradients = [Float](repeating: 0, count: shardCount * count)
    var rows = gradients.mutableSpan
    fill(&rows)
    for (index, pass) in projections.prefix(shardCount).enumerated() {
      pass.embeddingGradient.replaceSubrange(0..<count, with: gradients[index * count..<(index + 1) * count])
    }
  }

  /// Runs `body` for the first `shardCount` own shards, counted from 0, on this rank's threads.
  ///
  /// - Parameters:
  ///   - shardCount: How many shards of the batch this rank owns.
  ///   - isReversed: Whether each thread begins with its last shard.
  ///   - prepare: Called on each thread before its first shard.
  ///   - body: Called for each shard with the thread's model.
  /// - Throws: The first error of any thread, after all have ended.
  func compute(
    _ shardCount: Int, inReverse isReversed: Bool = false,
    prepare: @escaping (TrainingModel) throws -> Void = { _ in },
    eachShard body: @escaping (TrainingModel, TrainingModel.ShardPass, Int) throws -> Void
  ) throws {
    let work = work(shardCount, inReverse: isReversed, prepare: prepare, eachShard: body)
    work.run()
    try work.error.map { error in throw error }
  }

  /// Runs `body` for the first `shardCount` own shards in the reversed order, and `communicate` on the calling thread.
  ///
  /// - Parameters:
  ///   - shardCount: How many shards of the batch this rank owns.
  ///   - isOverlapping: Whether to call `communicate` at once, and not after the last shard.
  ///   - body: Called for each shard with the thread's model.
  ///   - computed: Called after the last shard, from any thread.
  ///   - communicate: Exchanges with other ranks what the shards bring; the argument tells whether a shard has failed.
  /// - Throws: The first error of any thread, after all have ended.
  func compute(
    _ shardCount: Int, whileCommunicating isOverlapping: Bool,
    eachShard body: @escaping (TrainingModel, TrainingModel.ShardPass, Int) throws -> Void,
    computed: @escaping @Sendable () -> Void, communicate: (_ hasFailed: () -> Bool) throws -> Void
  ) throws {
    let work = work(shardCount, inReverse: true, prepare: { _ in }, eachShard: body)
    let group = DispatchGroup()
    if isOverlapping {
      DispatchQueue.global(qos: .userInitiated).async(group: group) {
        work.run()
        computed()
      }
    } else {
      work.run()
      computed()
      try work.error.map { error in throw error }
    }
    let communication = Result { try communicate { work.error != nil } }
    group.wait()
    try work.error.map { error in throw error }
    try communication.get()
  }

  private func work(
    _ shardCount: Int, inReverse isReversed: Bool, prepare: @escaping (TrainingModel) throws -> Void,
    eachShard body: @escaping (TrainingModel, TrainingModel.ShardPass, Int) throws -> Void
  ) -> ShardPass {
    ShardPass(
      models: models, passes: passes,
      queue: ShardQueue(
        count: shardCount, threads: models.count, isReversed: isReversed, takesTurns: !isKeepingAll),
      prepare: prepare, body: body)
  }
}
