import Configuration
import Datasets
import ImageCodecs
import Job
import Losses
import MPI
import NeuralNet

/// The estimated memory of one rank of a run, by purpose, computed before the run starts.
package struct MemoryEstimate {
  /// The memory for one purpose, in bytes.
  package struct Item: Codable {
    package let name: String
    package let byteCount: Int
    /// True if the ranks of a host have it once, together.
    package var isShared = false

    package enum CodingKeys: String, CodingKey {
      case name
      case byteCount = "bytes"
      case isShared = "shared"
    }
  }

  /// The rank's memory by purpose, in the order of the printed table.
  package let items: [Item]
  /// The bytes of one shard's saved activations.
  package let shardActivations: Int
  /// The bytes of a shard of which only the outputs of residual blocks are saved; `nil` unless shards share BatchNorm
  /// statistics.
  package let shardBlockOutputs: Int?
  /// The largest number of shards of any rank.
  package let shardsPerRank: Int
  /// The number of shards, out of ``shardsPerRank``, whose activations are all saved for the backward pass; the others
  /// recompute theirs.
  package let keptShards: Int

  private let ranksOnHost: Int

  /// The sum of all items in bytes.
  package var byteCount: Int { items.reduce(0) { sum, item in sum + item.byteCount } }

  /// The memory of all ranks of a host together, in bytes.
  package var hostByteCount: Int {
    items.reduce(0) { sum, item in sum + item.byteCount * (item.isShared ? 1 : ranksOnHost) }
  }

  /// The memory of one of a host's ranks in bytes, with its part of what they share.
  package var byteCountOfShare: Int { hostByteCount / max(ranksOnHost, 1) }

  /// The job whose memory is estimated: its ranks, and what they do besides training steps.
  package struct Job {
    /// The number of ranks.
    var ranks: Int
    /// The number of ranks on one host.
    var ranksOnHost: Int
    /// The largest number of samples whose representations the job computes at a time, for an evaluation or a test of
    /// the classifier; `nil` if it has neither.
    var evaluatedSamples: Int?
    /// Creates a job.
    package init(ranks: Int, ranksOnHost: Int, evaluatedSamples: Int?) {
      self.ranks = ranks
      self.ranksOnHost = ranksOnHost
      self.evaluatedSamples = evaluatedSamples
    }
  }

  /// Estimates a rank's memory from models compiled for two and four rows; its base is this process's resident memory.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved.
  ///   - viewSize: The size of views.
  ///   - job: The number of ranks, how they share hosts, and whether they evaluate.
  ///   - teacher: The teacher that the configuration names.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(_ configuration: Configuration, viewSize: ImageSize, _ job: Job, teacher: Teacher?) throws {
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let sizes = try ModelSizes(
      compiling: configuration, viewSize: viewSize, teacher: teacher, isEvaluating: job.evaluatedSamples != nil)
    self.init(configuration, viewSize: viewSize, job, sizes, base: base)
  }

  /// Estimates a rank's memory from known model sizes.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved, those of its loader threads too.
  ///   - viewSize: The size of views.
  ///   - job: The number of ranks, how they share hosts, and the number of samples that they evaluate.
  ///   - sizes: The sizes of the configuration's model, which include those of an evaluation if the job has one.
  ///   - base: The resident memory of a rank before the run, in bytes.
  init(_ configuration: Configuration, viewSize: ImageSize, _ job: Job, _ sizes: ModelSizes, base: Int) {
    let rows = configuration.batches.shardSize * configuration.views.count
    shardActivations = sizes.activationsPerShard
    shardsPerRank =
      configuration.shardPartition(ofBatch: configuration.batches.size, ranks: job.ranks).ranges.map(\.count).max() ?? 0
    let workers = min(configuration.compute.threads, shardsPerRank)
    let activationByteCount = configuration.compute.activationMemory.byteCount(ranksOnHost: job.ranksOnHost)
    let isSharing = configuration.batches.isSharingStatistics
    let budget =
      isSharing
      ? ActivationBudget(
        byteCount: activationByteCount, shardByteCount: shardActivations,
        blockOutputByteCount: sizes.blockOutputsPerShard,
        shards: shardsPerRank)
      : ActivationBudget(
        byteCount: activationByteCount, shardByteCount: shardActivations, shards: shardsPerRank, threads: workers)
    keptShards = budget.heldCount
    shardBlockOutputs = isSharing ? sizes.blockOutputsPerShard : nil
    let models = isSharing ? shardsPerRank : workers

    ranksOnHost = job.ranksOnHost
    let isSharingParameters = configuration.compute.sharedMemory == .auto && ranksOnHost > 1
    let float = MemoryLayout<Float>.size
    let parameters = sizes.parameterCount * float
    let optimizer = sizes.optimizerVectorCount * parameters
    let (sums, messages) = PiecewiseReduction<Float>.byteCounts(
      length: sizes.vectorCount, longestSegment: sizes.longestSegment, shards: shardsPerRank, threads: workers,
      ranks: job.ranks, ranksPerHost: job.ranksOnHost)
    let storage = ShardWorkers.weightStorage(budget, shards: shardsPerRank, models: models)
    // Weights that are packed on use are packed in the memory of the gradients.
    let packed = max(
      0, sizes.packedWeights.byteCount(storage) - (storage == .onUse ? sizes.gradientByteCount : 0))
    let shardsAhead = 2 * min(configuration.compute.loaderThreads ?? 0, shardsPerRank)
    items = [
      Item(name: "program, libraries, dataset's index", byteCount: base + Self.laterByteCount),
      Item(name: "parameters", byteCount: parameters, isShared: isSharingParameters),
      Item(name: "optimizer state", byteCount: optimizer, isShared: isSharingParameters),
      Item(name: "running statistics", byteCount: sizes.statisticsByteCount),
      Item(name: "gradient sums", byteCount: sums),
      Item(name: "gradients between ranks", byteCount: messages),
      Item(name: "packed weights", byteCount: packed),
      Item(name: "teacher's packed weights", byteCount: sizes.teacherWeights),
      Item(name: "compiled passes", byteCount: sizes.constant + (models - 1) * sizes.furtherConstant),
      Item(name: "working memory of a shard", byteCount: models * sizes.workingPerShard),
      Item(
        name: "activations kept",
        byteCount: budget.byteCount(shard: shardActivations, blockOutputs: sizes.blockOutputsPerShard)),
      Item(name: "views made ahead", byteCount: shardsAhead * rows * 3 * viewSize.pixelCount * float),
      Item(
        name: "embeddings and loss",
        byteCount: Self.lossByteCount(configuration, sizes, ownRows: shardsPerRank * rows, threads: workers)),
      Item(name: "evaluations and tests", byteCount: Self.evaluationByteCount(configuration, job, sizes)),
    ]
  }

  /// Returns the memory of an evaluation or test between two steps; 0 if the job has none.
  private static func evaluationByteCount(_ configuration: Configuration, _ job: Job, _ sizes: ModelSizes) -> Int {
    guard let memory = sizes.evaluation, let samples = job.evaluatedSamples else { return 0 }
    // Every rank holds those of all, and computes its own part of them in place.
    let representations = samples * sizes.representationWidth * MemoryLayout<Float>.size
    return memory.packedWeights + configuration.compute.threads * memory.perThread + representations
  }

  /// Returns the memory of the outputs of encoder and heads for a rank's rows, of their gradients, and of the losses.
  private static func lossByteCount(
    _ configuration: Configuration, _ sizes: ModelSizes, ownRows: Int, threads: Int
  ) -> Int {
    let (float, classes) = (MemoryLayout<Float>.size, configuration.classifier.classes ?? 0)
    // The logits, which their gradient replaces, and the teacher's.
    let logits = configuration.isClassifying ? (configuration.classifier.teacherPath == nil ? 1 : 2) * classes : 0
    let ofAnyLoss = float * ownRows * (sizes.representationWidth + logits)
    guard configuration.isContrasting else { return ofAnyLoss }
    let globalRows = configuration.batches.size * configuration.views.count
    let (width, precision) = (configuration.widthOfEmbeddings, configuration.loss.gatherPrecision)
    let roundedRows = precision == .float32 ? 0 : globalRows * width * precision.byteCount
    // Prototypes are rows of the loss too, as they are, transposed, and with a gradient.
    let ofPrototypes = configuration.hasPrototypes ? 4 * classes * width : 0
    return ofAnyLoss + float * (2 * globalRows * width + ofPrototypes + ownRows * (sizes.headWidth + 5 * width))
      + roundedRows + threads * ContrastiveLoss<Float>.scratchByteCount
  }

  /// The bytes that program and libraries allocate during a run (threads, messages, files); measured.
  private static let laterByteCount = 15_000_000
}
