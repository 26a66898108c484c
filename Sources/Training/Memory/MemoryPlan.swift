import Configuration
import Datasets
import Imaging
import Job
import MPI

/// How much memory one rank takes for a run, by what it is for, before the run is begun.
package struct MemoryPlan {
  /// What some memory is for, and how many bytes it is.
  package struct Item: Codable {
    package let name: String
    package let byteCount: Int

    package enum CodingKeys: String, CodingKey {
      case name
      case byteCount = "bytes"
    }
  }

  /// What a rank holds, in the order of a table.
  package let items: [Item]
  /// The activations of one shard.
  package let shardActivations: Int
  /// How many shards the rank with the most of them has.
  package let shardsPerRank: Int
  /// For how many of them activations stay from the forward to the backward pass; the others run forward again.
  package let keptShards: Int

  /// All items together.
  package var byteCount: Int { items.reduce(0) { sum, item in sum + item.byteCount } }

  /// The job that is planned for.
  package struct Job {
    /// How many ranks it has.
    var ranks: Int
    /// How many of them share this host.
    var ranksOnHost: Int
    /// Whether a checkpoint is written while training goes on.
    var savesOnTheWay: Bool

    /// A job of some ranks.
    package init(ranks: Int, ranksOnHost: Int, savesOnTheWay: Bool) {
      self.ranks = ranks
      self.ranksOnHost = ranksOnHost
      self.savesOnTheWay = savesOnTheWay
    }
  }

  /// Plans a run on models of two and four rows; what this process has taken before counts as what every rank begins with.
  ///
  /// - Parameters:
  ///   - configuration: A resolved recipe.
  ///   - viewSize: The size of views.
  ///   - job: How many ranks there are.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(_ configuration: Configuration, viewSize: ImageSize, _ job: Job) throws {
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let sizes = try ModelSizes(compiling: configuration, viewSize: viewSize)
    self.init(configuration, viewSize: viewSize, job, sizes, base: base)
  }

  /// Plans a run.
  ///
  /// - Parameters:
  ///   - configuration: A resolved recipe.
  ///   - viewSize: The size of views.
  ///   - job: How many ranks there are.
  ///   - sizes: What its model takes.
  ///   - base: The bytes that every rank begins with.
  init(_ configuration: Configuration, viewSize: ImageSize, _ job: Job, _ sizes: ModelSizes, base: Int) {
    let rows = configuration.batches.shardSize * configuration.views.count
    shardActivations = sizes.activationsPerShard
    shardsPerRank = (configuration.batches.shardCount + job.ranks - 1) / job.ranks
    let workers = min(configuration.compute.threads, shardsPerRank)
    let budget = configuration.compute.activationMemory.byteCount(ranksOnHost: job.ranksOnHost)
    let room = ActivationRoom(
      byteCount: budget, shardByteCount: shardActivations, shards: shardsPerRank, threads: workers)
    keptShards = room.heldCount

    let float = MemoryLayout<Float>.size
    let vector = sizes.vectorCount * float
    let optimizer = sizes.optimizerVectorCount * sizes.parameterCount * float
    // A binary counter over the own shards, and one vector in the hands of each thread.
    let partialSums = (Int.bitWidth - 1 - shardsPerRank.leadingZeroBitCount) + workers
    // What is sent, with the room that it grew in, and what comes.
    let messages = job.ranks > 1 ? 5 * vector / 2 : 0
    let globalRows = configuration.batches.size * configuration.views.count
    let ownRows = shardsPerRank * rows
    let width = configuration.widthOfEmbeddings
    let loaderThreads =
      configuration.compute.loaderThreads
      ?? SpareProcessors.count(ranksOnHost: job.ranksOnHost, threads: configuration.compute.threads)
    let views = rows * 3 * viewSize.pixelCount * float
    items = [
      Item(name: "program, libraries, dataset's index", byteCount: base + Self.laterByteCount),
      Item(name: "parameters and running statistics", byteCount: vector),
      Item(name: "optimizer state", byteCount: optimizer),
      Item(name: "gradient sums", byteCount: (1 + partialSums) * vector),
      Item(name: "gradients between ranks", byteCount: messages),
      Item(name: "packed weights and compiled passes", byteCount: workers * sizes.constant),
      Item(name: "working memory of a shard", byteCount: workers * sizes.workingPerShard),
      Item(name: "activations kept", byteCount: room.heldCount * shardActivations),
      Item(name: "views made ahead", byteCount: 2 * loaderThreads * views),
      Item(
        name: "embeddings and loss",
        byteCount: float
          * (2 * globalRows * width + ownRows * (sizes.representationWidth + sizes.headWidth + 5 * width))
          + workers * Self.lossTileByteCount),
      Item(
        name: "checkpoint being written", byteCount: job.savesOnTheWay ? vector + optimizer : 0),
    ]
  }

  /// What program and libraries touch of themselves in a run and have not yet, as measured: threads, messages, files.
  private static let laterByteCount = 15_000_000

  /// A tile of similarities: 130 × 1,024 float32.
  private static let lossTileByteCount = 130 * 1024 * 4
}
