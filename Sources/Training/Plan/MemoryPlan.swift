import Datasets
import Imaging
import MPI
import OneDNN

/// How much memory one rank takes for a run, by what it is for, before the run is begun.
///
/// What grows with the rows of a shard is counted on models of two and four rows; all else is computed.
struct MemoryPlan {
  /// What some memory is for, and how many bytes it is.
  struct Item: Codable {
    let name: String
    let byteCount: Int

    enum CodingKeys: String, CodingKey {
      case name
      case byteCount = "bytes"
    }
  }

  /// What a rank holds, in the order of a table.
  let items: [Item]
  /// The activations of one shard.
  let shardActivations: Int
  /// How many shards the rank with the most of them has.
  let shardsPerRank: Int
  /// For how many of them activations stay from the forward to the backward pass; the others run forward again.
  let keptShards: Int

  /// All items together.
  var byteCount: Int { items.reduce(0) { sum, item in sum + item.byteCount } }

  /// The job that is planned for.
  struct Job {
    /// How many ranks it has.
    var ranks: Int
    /// How many of them share this host.
    var ranksOnHost: Int
    /// Whether a checkpoint is written while training goes on.
    var savesOnTheWay: Bool
  }

  /// Plans a run; what this process has taken so far counts as what every rank begins with.
  ///
  /// - Parameters:
  ///   - recipe: A resolved recipe.
  ///   - viewSize: The size of views.
  ///   - job: How many ranks there are.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  init(_ recipe: Recipe, viewSize: ImageSize, _ job: Job) throws {
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let sizes = try ModelSizes(recipe, viewSize: viewSize)
    let rows = recipe.shardSize * recipe.views
    shardActivations = sizes.activationsPerRow * rows
    shardsPerRank = (recipe.shardCount + job.ranks - 1) / job.ranks
    let workers = min(recipe.threads, shardsPerRank)
    let budget = ActivationMemory(recipe.activationMemory)?.byteCount(ranksOnHost: job.ranksOnHost) ?? 0
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
    let globalRows = recipe.batchSize * recipe.views
    let ownRows = shardsPerRank * rows
    let width = recipe.widthOfEmbeddings
    let loaderThreads =
      recipe.loaderThreads ?? SpareProcessors.count(ranksOnHost: job.ranksOnHost, threads: recipe.threads)
    let views = rows * 3 * viewSize.pixelCount * float
    items = [
      Item(name: "program, libraries, dataset's index", byteCount: base + Self.laterByteCount),
      Item(name: "parameters and running statistics", byteCount: vector),
      Item(name: "parameters that the step began with", byteCount: sizes.parameterCount * float),
      Item(name: "optimiser state", byteCount: optimizer),
      Item(name: "gradient sums", byteCount: (1 + partialSums) * vector),
      Item(name: "gradients between ranks", byteCount: messages),
      Item(
        name: "packed weights and compiled passes", byteCount: workers * sizes.constant),
      Item(name: "working memory of a shard", byteCount: workers * sizes.workingPerRow * rows),
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

/// What the encoder and head of a recipe take, by what it grows with.
private struct ModelSizes {
  let parameterCount: Int
  /// The elements of the vector that is reduced.
  let vectorCount: Int
  let optimizerVectorCount: Int
  let representationWidth: Int
  /// The widths of the head's hidden layers together.
  let headWidth: Int
  /// What one thread's model takes whatever the rows.
  let constant: Int
  /// What it takes for each row of a shard, without what is kept.
  let workingPerRow: Int
  /// What is kept for each row of a shard.
  let activationsPerRow: Int

  init(_ recipe: Recipe, viewSize: ImageSize) throws {
    useOneThreadPerPrimitive()
    let engine = try Engine()
    func tensors(_ rows: Int) throws -> (model: TrainingModel, byteCount: Int) {
      let before = Tensor.livingByteCount
      let model = try TrainingModel(engine, recipe, viewSize: viewSize, rows: rows)
      return (model, Tensor.livingByteCount - before)
    }
    let residentBefore = ProcessMeasurements.residentByteCount() ?? 0
    let (small, smallByteCount) = try tensors(2)
    let resident = (ProcessMeasurements.residentByteCount() ?? 0) - residentBefore
    let (large, largeByteCount) = try tensors(4)
    workingPerRow = (largeByteCount - smallByteCount) / 2
    constant = max(resident - 2 * workingPerRow, smallByteCount - 2 * workingPerRow)
    activationsPerRow = try small.encoder.makeRecord().byteCount / 2
    withExtendedLifetime(large) {}
    parameterCount = small.parameterLayout.count
    vectorCount =
      ShardVectorLayout(
        parameterCount: small.parameterLayout.count, statisticCount: small.statisticsLayout.count,
        isClassifying: recipe.isClassifying
      ).count
    optimizerVectorCount = recipe.makeOptimizer(small.parameterLayout).stateNames.count
    representationWidth = small.encoder.representationWidth
    headWidth = recipe.headPlan.widths.dropLast().reduce(0, +)
  }
}
