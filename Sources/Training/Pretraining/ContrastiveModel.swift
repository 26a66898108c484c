import Imaging
import NeuralNet
import OneDNN

/// Encoder and projection head of one thread, and what a shard's pass through them leaves.
///
///     views [rows, 3, height, width] → representations [rows, features], unit rows on request → embeddings [rows, width], unit rows
final class ContrastiveModel {
  /// One shard's pass: filled by ``forward(_:parameters:)``, used by ``backward(_:parameters:into:)``.
  final class ShardPass {
    /// The encoder's activations, if there is memory to keep them; else they stand in the model's own until it computes another shard.
    fileprivate let keptActivations: ResNet.Record?
    let head: ProjectionHead.Record
    /// What the head sees, `[rows, features]`.
    var representations: [Float]
    /// The lengths that they were divided by, if they were.
    fileprivate var representationLengths: [Float]
    /// `[rows, width]`, unit rows.
    var embeddings: [Float]
    /// ∂L/∂embeddings, to be filled before the backward pass.
    var embeddingGradient: [Float]
    fileprivate var lengths: [Float]

    fileprivate init(_ model: ContrastiveModel, keptActivations: ResNet.Record?) throws(DNNLError) {
      self.keptActivations = keptActivations
      head = model.head.makeRecord(views: model.rows)
      representations = Array(repeating: 0, count: model.rows * model.encoder.representationWidth)
      representationLengths = Array(repeating: 0, count: model.isNormalizingRepresentations ? model.rows : 0)
      embeddings = Array(repeating: 0, count: model.rows * model.head.outputWidth)
      embeddingGradient = embeddings
      lengths = Array(repeating: 0, count: model.rows)
    }
  }

  let encoder: ResNet
  let parameterLayout: VectorLayout
  let statisticsLayout: VectorLayout

  private let head: ProjectionHead
  /// Whether the head sees representations of unit length.
  private let isNormalizingRepresentations: Bool
  /// How many views a shard has.
  private let rows: Int
  private var representationGradient: [Float]
  /// Activations of the last shard that keeps none itself; room is made where there are such shards.
  var ownActivations: ResNet.Record?
  /// That shard, in this step.
  private var ownActivationsHolder: ShardPass?

  /// Compiles the model for shards of one size.
  init(
    _ engine: Engine, _ recipe: Recipe, viewSize: ImageSize, rows: Int
  ) throws {
    let context = try NetworkContext(engine, mode: .training, precision: recipe.resolvedPrecision)
    encoder = try ResNet(context, recipe.architecture, views: rows, height: viewSize.height, width: viewSize.width)
    head = ProjectionHead(context, recipe.headPlan, inputWidth: encoder.representationWidth)
    isNormalizingRepresentations = recipe.normalizeEncoder
    self.rows = rows
    parameterLayout = context.parameters
    statisticsLayout = context.statistics
    representationGradient = Array(repeating: 0, count: rows * encoder.representationWidth)
  }

  /// Makes room for a shard's pass, with activations of its own or without.
  func makePass(keptActivations: ResNet.Record?) throws(DNNLError) -> ShardPass {
    try ShardPass(self, keptActivations: keptActivations)
  }

  /// Whether the activations of a shard's forward pass are still there; if not, it has to run forward again.
  func holdsActivations(of pass: ShardPass) -> Bool {
    pass.keptActivations != nil || ownActivationsHolder === pass
  }

  private func activations(of pass: ShardPass) -> ResNet.Record {
    guard holdsActivations(of: pass), let activations = pass.keptActivations ?? ownActivations else {
      preconditionFailure("the shard has to run forward again")
    }
    return activations
  }

  /// Writes the BatchNorm moments of a shard's forward pass to their places in a vector of the statistics' layout.
  func moments(of pass: ShardPass, into moments: inout MutableSpan<Float>) {
    encoder.moments(of: activations(of: pass), into: &moments)
    head.moments(of: pass.head, into: &moments)
  }

  /// Takes new parameters, once a step.
  func load(_ parameters: [Float]) throws(DNNLError) {
    try encoder.load(parameters.span)
    // What stands there came from the parameters before.
    ownActivationsHolder = nil
  }

  /// Views → representations → embeddings.
  ///
  /// - Parameters:
  ///   - pass: The shard; its views stand in the encoder's input.
  ///   - parameters: The parameters that were loaded.
  ///   - inspect: Sees the activations behind each layer of the encoder, by its name.
  /// - Throws: `DNNLError` if a primitive fails.
  func forward(
    _ pass: ShardPass, parameters: [Float], inspect: (_ layer: String, _ activation: Tensor) -> Void = { _, _ in }
  ) throws(DNNLError) {
    var representations: [Float] = []
    swap(&representations, &pass.representations)
    defer { swap(&representations, &pass.representations) }
    var features = representations.mutableSpan
    if pass.keptActivations == nil {
      ownActivationsHolder = pass
    }
    try encoder.forward(activations(of: pass), into: &features, inspect: inspect)
    if isNormalizingRepresentations {
      let encoded = representations
      var lengths = pass.representationLengths
      var unitRows = representations.mutableSpan
      var divisors = lengths.mutableSpan
      UnitNormalization.forward(
        encoded.span, width: encoder.representationWidth, into: &unitRows, lengths: &divisors)
      pass.representationLengths = lengths
    }

    var projections = pass.embeddingGradient  // as scratch memory: it is filled later
    var projected = projections.mutableSpan
    try head.forward(representations.span, parameters: parameters.span, pass.head, into: &projected)
    var (embeddings, lengths): ([Float], [Float]) = ([], [])
    swap(&embeddings, &pass.embeddings)
    swap(&lengths, &pass.lengths)
    var unitRows = embeddings.mutableSpan
    var divisors = lengths.mutableSpan
    UnitNormalization.forward(projections.span, width: head.outputWidth, into: &unitRows, lengths: &divisors)
    swap(&embeddings, &pass.embeddings)
    swap(&lengths, &pass.lengths)
  }

  /// Embedding gradients → parameter gradients, each at its place in `gradient`.
  func backward(_ pass: ShardPass, parameters: [Float], into gradient: inout MutableSpan<Float>) throws(DNNLError) {
    let (embeddings, lengths, representations) = (pass.embeddings, pass.lengths, pass.representations)
    var embeddingGradient = pass.embeddingGradient
    var rowGradient = embeddingGradient.mutableSpan
    UnitNormalization.backward(
      unitRows: embeddings.span, lengths: lengths.span, gradient: &rowGradient, width: head.outputWidth)
    var representationGradient: [Float] = []
    swap(&representationGradient, &self.representationGradient)
    defer { swap(&representationGradient, &self.representationGradient) }
    var inputGradient = representationGradient.mutableSpan
    try head.backward(
      representations: representations.span, projectionGradient: embeddingGradient.span,
      parameters: parameters.span, pass.head, into: &gradient, representationGradient: &inputGradient)
    if isNormalizingRepresentations {
      let lengths = pass.representationLengths
      UnitNormalization.backward(
        unitRows: representations.span, lengths: lengths.span, gradient: &inputGradient,
        width: encoder.representationWidth)
    }
    try encoder.backward(activations(of: pass), representationGradient: representationGradient.span, into: &gradient)
  }
}
