import Configuration
import FlatVectors
import ImageCodecs
import Inference
import Losses
import NeuralNet
import OneDNN

/// The encoder and heads of one thread: views to embeddings and logits, and back.
///
///     views [rows, 3, height, width] → representations [rows, features], scaled to unit length on request
///       → projection head → embeddings [rows, width] of unit length  (with a contrastive loss)
///       → classifier      → logits [rows, classes]                   (with a cross-entropy)
///     views → teacher → its logits [rows, classes]                   (with a teacher)
final class TrainingModel {
  /// The saved activations of one shard: filled by ``forward(_:parameters:isRepeated:inspect:)``, used by
  /// ``backward(_:parameters:into:completed:)``.
  final class ShardActivations {
    /// The encoder's activations; `nil` if the ``ActivationStore`` has assigned the memory to another shard.
    var encoder: ResNet.SavedActivations?
    /// The representations, `[rows, features]`, which are the input of the heads.
    var representations: [Float]
    /// The norms of the representations before normalization, `[rows]`; empty unless representations are normalized.
    fileprivate var representationLengths: [Float]
    /// The saved activations of the projection head; `nil` without one.
    var projection: Projection.Activations?
    /// The saved activations of the classifier; `nil` without one.
    var classification: Classification.Activations?
    /// The gradient of the prototypes, which the first shard of the global batch adds for all; else empty.
    var prototypeGradient: [Float] = []

    fileprivate init(_ model: TrainingModel, encoder: ResNet.SavedActivations?) {
      self.encoder = encoder
      representations = Array(repeating: 0, count: model.rows * model.encoder.representationWidth)
      representationLengths = Array(repeating: 0, count: model.isNormalizingRepresentations ? model.rows : 0)
      projection = model.projection?.makeActivations(rows: model.rows)
      classification = model.classification?.makeActivations(rows: model.rows)
    }

    fileprivate var filledEncoder: ResNet.SavedActivations {
      guard let encoder else { preconditionFailure("the shard has to run forward again") }
      return encoder
    }
  }

  let encoder: ResNet
  let layout: ModelLayout
  /// The lengths of the vectors that shards with common BatchNorm statistics sum in each pass.
  var batchNormExchangeLengths: BatchNormExchangeLengths { context.batchNormExchangeLengths }
  /// The group of shards over which BatchNorm sums the statistics of the next shard; `nil` if shards share none.
  var batchNormGroup: (any BatchNormGroup)? {
    get { context.batchNormGroup }
    set { context.batchNormGroup = newValue }
  }
  /// The first parameter of each gradient segment (part that the backward pass completes at once); ascending, heads
  /// last.
  var segmentStarts: [Int] { encoder.segmentStarts + [headStart] }
  /// The encoder's weights in oneDNN's memory format.
  let packedWeights: PackedWeights

  private let context: NetworkContext
  private let projection: Projection?
  private let classification: Classification?
  /// The teacher of a distillation; `nil` without one.
  private let teacher: TeacherModel?
  /// The class prototypes; `nil` without them.
  let prototypes: Prototypes?
  /// True if representations are scaled to unit length before the heads.
  private let isNormalizingRepresentations: Bool
  /// The number of views in a shard.
  private let rows: Int
  /// The index of the first parameter of the heads.
  private let headStart: Int
  private var representationGradient: [Float]

  /// Compiles the model for shards of `rows` views.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - configuration: The configuration of the run.
  ///   - viewSize: The size of views.
  ///   - rows: The number of views in a shard.
  ///   - teacher: The teacher that the configuration names.
  ///   - packedWeights: The packed weights, shared with the models of other threads.
  ///   - teacherWeights: The packed weights of the teacher, shared likewise.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(
    _ engine: Engine, _ configuration: Configuration, viewSize: ImageSize, rows: Int, teacher: Teacher?,
    packedWeights: PackedWeights = PackedWeights(), teacherWeights: PackedWeights = PackedWeights()
  ) throws {
    let context = try NetworkContext(
      engine, mode: .training, precision: configuration.compute.resolvedPrecision, gradientVectors: .perSegment,
      packedWeights: packedWeights)
    self.context = context
    encoder = try ResNet(
      context, configuration.architecture, views: rows, height: viewSize.height, width: viewSize.width)
    let width = encoder.representationWidth
    context.beginSegment()
    headStart = context.parameters.count
    projection =
      configuration.isContrasting ? Projection(context, configuration.headArchitecture, inputWidth: width) : nil
    prototypes = try configuration.hasPrototypes ? Prototypes(context, configuration) : nil
    classification = try configuration.isClassifying ? Classification(context, configuration, inputWidth: width) : nil
    self.teacher = try teacher?.compiled(engine, viewSize: viewSize, rows: rows, packedWeights: teacherWeights)
    isNormalizingRepresentations = configuration.model.normalizeEncoder
    self.rows = rows
    self.packedWeights = packedWeights
    layout = context.layout
    representationGradient = Array(repeating: 0, count: rows * width)
  }

  /// Allocates a shard's activations; `encoder` may be `nil` and provided later.
  func makeActivations(encoder: ResNet.SavedActivations?) -> ShardActivations {
    ShardActivations(self, encoder: encoder)
  }

  /// Writes the batch statistics of a shard's forward pass into a vector of all BatchNorm layers' statistics.
  func batchStatistics(of shard: ShardActivations, into statistics: inout MutableSpan<Float>) {
    encoder.batchStatistics(of: shard.filledEncoder, into: &statistics)
    if let projection, let activations = shard.projection {
      projection.batchStatistics(of: activations, into: &statistics)
    }
  }

  /// The bytes of weight gradients before they are copied to the vector of gradients.
  var gradientByteCount: Int { context.gradientByteCount }

  /// Packs weights immediately before each use from now on; no other model may use them.
  func packWeightsOnUse() {
    context.packWeightsOnUse()
  }

  /// Packs the encoder's weights for the passes that `loading` names.
  func load(_ parameters: FlatVector, _ loading: WeightLoading = WeightLoading()) throws(DNNLError) {
    try parameters.withSpan { (parameters) throws(DNNLError) in try encoder.load(parameters, loading) }
  }

  /// Computes representations, embeddings and logits from views, and the teacher's logits.
  ///
  /// - Parameters:
  ///   - shard: Receives the activations; the shard's views must be in the encoder's input.
  ///   - parameters: The parameters that were loaded.
  ///   - isRepeated: True to recompute activations that were not kept; the teacher's logits are kept, not recomputed.
  ///   - inspect: Called after each layer of the encoder with its name and output.
  /// - Throws: `DNNLError` if a primitive fails.
  func forward(
    _ shard: ShardActivations, parameters: FlatVector, isRepeated: Bool = false,
    inspect: (_ layer: String, _ activation: Tensor) -> Void = { _, _ in }
  ) throws(DNNLError) {
    var representations: [Float] = []
    swap(&representations, &shard.representations)
    defer { swap(&representations, &shard.representations) }
    var features = representations.mutableSpan
    if !isRepeated, let teacher, let activations = shard.classification {
      var logits: [Float] = []
      swap(&logits, &activations.teacherLogits)
      defer { swap(&logits, &activations.teacherLogits) }
      var rows = logits.mutableSpan
      try teacher.forward(encoder.views, encoder.viewLayout, into: &rows)
    }
    context.parametersInUse = parameters
    defer { context.parametersInUse = nil }
    try encoder.forward(shard.filledEncoder, into: &features, inspect: inspect)
    if isNormalizingRepresentations {
      let encoded = representations
      var lengths = shard.representationLengths
      var unitRows = representations.mutableSpan
      var divisors = lengths.mutableSpan
      L2Normalization.forward(
        encoded.span, width: encoder.representationWidth, into: &unitRows, lengths: &divisors)
      shard.representationLengths = lengths
    }
    if let projection, let activations = shard.projection {
      try projection.forward(representations.span, parameters: parameters, activations)
    }
    if let classification, let activations = shard.classification {
      try classification.forward(representations.span, parameters: parameters, activations)
    }
  }

  /// Computes the shard's part of the weighted cross-entropy; the gradient of the logits replaces the logits.
  ///
  /// - Parameters:
  ///   - shard: The shard, after its forward pass.
  ///   - labels: The labels of the shard's rows.
  ///   - weight: The factor of every row's cross-entropy.
  /// - Returns: The shard's part of the cross-entropy and the number of rows classified correctly; 0 without a
  ///   classifier.
  func crossEntropy(
    of shard: ShardActivations, labels: @autoclosure () -> RowLabels, weight: @autoclosure () -> Double
  ) -> (value: Double, correctCount: Int) {
    guard let classification, let activations = shard.classification else { return (0, 0) }
    return classification.crossEntropy(of: activations, labels: labels(), weight: weight())
  }

  /// Computes parameter gradients from the gradients of embeddings and logits, segment by segment (``segmentStarts``),
  /// the last segment first.
  ///
  /// - Parameters:
  ///   - shard: The shard, after its forward pass and with the gradients of its embeddings and logits.
  ///   - parameters: The parameters that were loaded.
  ///   - gradient: Receives the gradients of each segment in turn, starting at element 0.
  ///   - completed: Called when a segment is complete, before the next one overwrites it.
  /// - Throws: `DNNLError` if a primitive fails.
  func backward(
    _ shard: ShardActivations, parameters: FlatVector, into gradient: inout MutableSpan<Float>,
    completed: SegmentHandler
  ) throws(DNNLError) {
    let representations = shard.representations
    var representationGradient: [Float] = []
    swap(&representationGradient, &self.representationGradient)
    defer { swap(&representationGradient, &self.representationGradient) }
    var inputGradient = representationGradient.mutableSpan
    if let projection, let activations = shard.projection {
      try projection.backward(
        representations.span, parameters: parameters, activations, into: &gradient, inputGradient: &inputGradient)
    }
    prototypes?.write(shard.prototypeGradient, into: &gradient)
    if let classification, let activations = shard.classification {
      try classification.backward(
        representations.span, parameters: parameters, activations, into: &gradient, inputGradient: &inputGradient,
        isAdding: projection != nil)
    }
    if isNormalizingRepresentations {
      let lengths = shard.representationLengths
      L2Normalization.backward(
        unitRows: representations.span, lengths: lengths.span, gradient: &inputGradient,
        width: encoder.representationWidth)
    }
    completed(headStart..<layout.parameters.count, gradient.span)
    context.parametersInUse = parameters
    defer { context.parametersInUse = nil }
    try encoder.backward(
      shard.filledEncoder, representationGradient: representationGradient.span, into: &gradient, completed: completed)
  }

  /// Returns the gradients of all parameters in one vector; see ``backward(_:parameters:into:completed:)``.
  ///
  /// - Throws: `DNNLError` if a primitive fails.
  func wholeGradient(_ shard: ShardActivations, parameters: FlatVector) throws(DNNLError) -> [Float] {
    var whole = [Float](repeating: 0, count: layout.parameters.count)
    var part = whole
    var elements = part.mutableSpan
    try backward(shard, parameters: parameters, into: &elements) { range, gradient in
      for index in range {
        whole[index] = gradient[index - range.lowerBound]
      }
    }
    return whole
  }
}
