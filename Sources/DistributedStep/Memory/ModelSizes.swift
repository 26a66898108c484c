import Configuration
import FlatVectors
import ImageCodecs
import Inference
import Job
import NeuralNet
import OneDNN

/// The memory and the vector lengths of a configuration's encoder and heads, some of them per shard.
struct ModelSizes {
  let parameterCount: Int
  /// The number of elements of the vector that is summed over all shards (``ShardVectorLayout``).
  let vectorCount: Int
  /// The bytes of the running statistics and, with a moving average of the weights, of theirs.
  let statisticsByteCount: Int
  /// The number of the optimizer's vectors, with the moving average of the parameters.
  let optimizerVectorCount: Int
  let representationWidth: Int
  /// The sum of the widths of the projection head's hidden layers.
  let headWidth: Int
  /// The largest number of consecutive gradient elements that the backward pass completes at once.
  let longestSegment: Int
  /// The packed weights, whose bytes depend on their storage.
  let packedWeights: PackedWeights
  /// The bytes of the teacher's packed weights, which all threads share; 0 if they are part of ``workingPerShard``.
  let teacherWeights: Int
  /// The memory of evaluations and tests between steps; `nil` without them.
  let evaluation: ExtractionMemory?
  /// The bytes of a thread's weight gradients, included in ``constant``.
  let gradientByteCount: Int
  /// The bytes of the first thread's compiled model that do not depend on the number of rows.
  let constant: Int
  /// The same of each further model; oneDNN keeps the compiled code of the first and gives it out again.
  let furtherConstant: Int
  /// The bytes of one thread's working memory for a shard, without saved activations.
  let workingPerShard: Int
  /// The bytes of one shard's activations that are saved for the backward pass.
  let activationsPerShard: Int
  /// The bytes of a shard of which only the outputs of residual blocks are saved, with memory to recompute one block.
  let blockOutputsPerShard: Int

  /// Compiles two models for two rows and one for four and measures their memory; the difference gives the bytes per
  /// row.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved.
  ///   - viewSize: The size of views.
  ///   - teacher: The teacher that the configuration names.
  ///   - isEvaluating: True to measure the encoders of evaluations and tests too.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  init(
    compiling configuration: Configuration, viewSize: ImageSize, teacher: Teacher?, isEvaluating: Bool
  ) throws {
    useOneThreadPerPrimitive()
    let (engine, teacherWeights) = (try Engine(), PackedWeights())
    func compile(_ rows: Int) throws -> (model: TrainingModel, byteCount: Int) {
      let before = Tensor.livingByteCount
      let model = try TrainingModel(
        engine, configuration, viewSize: viewSize, rows: rows, teacher: teacher, teacherWeights: teacherWeights)
      return (model, Tensor.livingByteCount - before)
    }
    func resident() -> Int { ProcessMeasurements.residentByteCount() ?? 0 }
    let residentBefore = resident()
    // The first teacher packs the weights for all: packed before any model is measured, they count once, not per row.
    _ = try teacher?.compiled(engine, viewSize: viewSize, rows: 2, packedWeights: teacherWeights)
    let teacherByteCount = teacherWeights.byteCount(.separate)
    let (small, smallByteCount) = try compile(2)
    // The memory of packed weights is allocated by the first load.
    try small.load(FlatVector(count: small.layout.parameters.count))
    let residentAfter = resident()
    let (further, furtherByteCount) = try compile(2)
    let residentOfFurther = resident() - residentAfter
    let (large, largeByteCount) = try compile(4)
    let workingPerRow = (largeByteCount - smallByteCount) / 2
    withExtendedLifetime((further, large)) {}
    let rows = configuration.batches.shardSize * configuration.views.count
    let packedByteCount = small.packedWeights.byteCount(.separate)
    // The further model has its own packed weights here, which nothing loads: they are not resident.
    self.init(
      configuration, small, teacherWeights: teacherByteCount,
      evaluation: try Self.evaluation(configuration, viewSize: viewSize, isEvaluating),
      constant: max(
        0,
        max(residentAfter - residentBefore - teacherByteCount, smallByteCount) - 2 * workingPerRow - packedByteCount),
      furtherConstant: max(
        0, max(residentOfFurther, furtherByteCount - packedByteCount) - 2 * workingPerRow),
      gradientByteCount: small.gradientByteCount, workingPerShard: workingPerRow * rows,
      activationsPerShard: try small.encoder.makeSavedActivations().byteCount / 2 * rows,
      blockOutputsPerShard: try ActivationStore.blockOutputByteCount(of: small.encoder) / 2 * rows)
  }

  /// Measures a prepared training step, whose compiled models are already part of this process's memory.
  ///
  /// - Parameters:
  ///   - step: The prepared training step.
  ///   - isEvaluating: True to measure the encoders of evaluations and tests too.
  /// - Throws: `DNNLError` if weights cannot be loaded, or if oneDNN refuses a primitive.
  init(of step: TrainingStep, isEvaluating: Bool) throws {
    let shards = step.workers
    try shards.load(FlatVector(count: shards.layout.parameters.count))
    let kept = shards.budget.byteCount(shard: shards.activationsPerShard, blockOutputs: shards.blockOutputsPerShard)
    let packed = shards.model.packedWeights.byteCount(shards.weightStorage)
    let working = Tensor.livingByteCount - kept - packed
    self.init(
      step.configuration, shards.model, teacherWeights: 0,
      evaluation: try Self.evaluation(
        step.configuration, viewSize: step.configuration.viewSize(of: step.dataset), isEvaluating),
      constant: 0, furtherConstant: 0, gradientByteCount: 0,
      workingPerShard: working / shards.modelCount,
      activationsPerShard: shards.activationsPerShard, blockOutputsPerShard: shards.blockOutputsPerShard)
  }

  /// Measures the encoders that compute representations between steps; `nil` for a job without them.
  private static func evaluation(
    _ configuration: Configuration, viewSize: ImageSize, _ isEvaluating: Bool
  ) throws -> ExtractionMemory? {
    guard isEvaluating else { return nil }
    return try ExtractionMemory(
      configuration, viewSize: viewSize,
      samplesPerBlock: FeatureExtraction.samplesPerBlock(whileTraining: configuration))
  }

  private init(
    _ configuration: Configuration, _ model: TrainingModel, teacherWeights: Int, evaluation: ExtractionMemory?,
    constant: Int, furtherConstant: Int, gradientByteCount: Int, workingPerShard: Int, activationsPerShard: Int,
    blockOutputsPerShard: Int
  ) {
    parameterCount = model.layout.parameters.count
    let vector = ShardVectorLayout(
      parameterCount: parameterCount, statisticCount: model.layout.statistics.count,
      isClassifying: configuration.isClassifying)
    vectorCount = vector.count
    let bounds = model.segmentStarts + [vector.count]
    longestSegment = zip(bounds, bounds.dropFirst()).map { lower, upper in upper - lower }.max() ?? 0
    packedWeights = model.packedWeights
    (self.teacherWeights, self.evaluation) = (teacherWeights, evaluation)
    self.gradientByteCount = gradientByteCount
    let averageCount = configuration.optimizer.averageDecay == nil ? 0 : 1
    statisticsByteCount = (1 + averageCount) * model.layout.statistics.count * MemoryLayout<Float>.size
    optimizerVectorCount = configuration.makeOptimizer(model.layout.parameters).stateNames.count + averageCount
    representationWidth = model.encoder.representationWidth
    headWidth = configuration.headArchitecture.widths.dropLast().reduce(0, +)
    self.constant = constant
    self.furtherConstant = furtherConstant
    self.workingPerShard = workingPerShard
    self.activationsPerShard = activationsPerShard
    self.blockOutputsPerShard = blockOutputsPerShard
  }
}
