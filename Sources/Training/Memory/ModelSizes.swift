import Configuration
import Imaging
import Job
import OneDNN

/// The bytes and elements that the encoder and heads of a recipe take, by what they grow with.
struct ModelSizes {
  let parameterCount: Int
  /// The elements of the vector that is reduced.
  let vectorCount: Int
  let optimizerVectorCount: Int
  let representationWidth: Int
  /// The widths of the head's hidden layers together.
  let headWidth: Int
  /// The bytes that one thread's model takes whatever the rows.
  let constant: Int
  /// The bytes that it takes for a shard, without what is kept.
  let workingPerShard: Int
  /// The bytes that are kept of a shard from the forward to the backward pass.
  let activationsPerShard: Int

  /// Counts on models of two and of four rows: their difference is what grows with the rows.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(compiling configuration: Configuration, viewSize: ImageSize) throws {
    useOneThreadPerPrimitive()
    let engine = try Engine()
    func compile(_ rows: Int) throws -> (model: TrainingModel, byteCount: Int) {
      let before = Tensor.livingByteCount
      let model = try TrainingModel(engine, configuration, viewSize: viewSize, rows: rows)
      return (model, Tensor.livingByteCount - before)
    }
    let residentBefore = ProcessMeasurements.residentByteCount() ?? 0
    let (small, smallByteCount) = try compile(2)
    // Transformed weights take their room with the first that are loaded.
    try small.load(Array(repeating: 0, count: small.layout.parameters.count))
    let resident = (ProcessMeasurements.residentByteCount() ?? 0) - residentBefore
    let (large, largeByteCount) = try compile(4)
    let workingPerRow = (largeByteCount - smallByteCount) / 2
    withExtendedLifetime(large) {}
    let rows = configuration.shardSize * configuration.views
    self.init(
      configuration, small, constant: max(resident, smallByteCount) - 2 * workingPerRow,
      workingPerShard: workingPerRow * rows,
      activationsPerShard: try small.encoder.makeSavedActivations().byteCount / 2 * rows)
  }

  /// Counts what a step that stands ready has asked for; what its models take whatever the rows is in the process afterwards.
  ///
  /// - Throws: `DNNLError` if weights cannot be loaded.
  package init(of step: TrainingStep) throws {
    let shards = step.shards
    try shards.load(Array(repeating: 0, count: shards.layout.parameters.count))
    let kept = shards.activationsPerShard * shards.heldCount
    self.init(
      step.configuration, shards.model, constant: 0,
      workingPerShard: (Tensor.livingByteCount - kept) / shards.threadCount,
      activationsPerShard: shards.activationsPerShard)
  }

  private init(
    _ configuration: Configuration, _ model: TrainingModel, constant: Int, workingPerShard: Int,
    activationsPerShard: Int
  ) {
    parameterCount = model.layout.parameters.count
    vectorCount =
      ShardVectorLayout(
        parameterCount: parameterCount, statisticCount: model.layout.statistics.count,
        isClassifying: configuration.isClassifying
      ).count
    optimizerVectorCount = configuration.makeOptimizer(model.layout.parameters).stateNames.count
    representationWidth = model.encoder.representationWidth
    headWidth = configuration.headPlan.widths.dropLast().reduce(0, +)
    self.constant = constant
    self.workingPerShard = workingPerShard
    self.activationsPerShard = activationsPerShard
  }
}
