import Configuration
import Imaging
import NeuralNet
import OneDNN

/// The encoder of one thread with what stands behind it, and what a shard's pass through them leaves.
///
///     views [rows, 3, height, width] → representations [rows, features], unit rows on request
///       → projection head → embeddings [rows, width], unit rows      (with a contrastive loss)
///       → classifier      → logits [rows, classes]                   (with a cross-entropy)
final class TrainingModel {
  /// One shard's pass: filled by ``forward(_:parameters:inspect:)``, used by ``backward(_:parameters:into:completed:)``.
  final class ShardPass {
    /// The encoder's activations, if there is memory to keep them; else they stand in the model's own until it computes another shard.
    fileprivate let keptActivations: ResNet.SavedActivations?
    /// What the heads see, `[rows, features]`.
    var representations: [Float]
    /// The lengths that they were divided by, if they were.
    fileprivate var representationLengths: [Float]
    /// Behind the projection head.
    var projection: Projection.Pass?
    /// Behind the classifier.
    var classification: Classification.Pass?

    fileprivate init(_ model: TrainingModel, keptActivations: ResNet.SavedActivations?) {
      self.keptActivations = keptActivations
      representations = Array(repeating: 0, count: model.rows * model.encoder.representationWidth)
      representationLengths = Array(repeating: 0, count: model.isNormalizingRepresentations ? model.rows : 0)
      projection = model.projection?.makePass(rows: model.rows)
      classification = model.classification?.makePass(rows: model.rows)
    }
  }

  let encoder: ResNet
  let layout: ModelLayout

  private let projection: Projection?
  private let classification: Classification?
  /// Whether the heads see representations of unit length.
  private let isNormalizingRepresentations: Bool
  /// How many views a shard has.
  private let rows: Int
  private var representationGradient: [Float]
  /// Activations of the last shard that keeps none itself; room is made where there are such shards.
  var ownActivations: ResNet.SavedActivations?
  /// That shard, in this step.
  private var ownActivationsHolder: ShardPass?

  /// Compiles the model for shards of one size.
  package init(
    _ engine: Engine, _ configuration: Configuration, viewSize: ImageSize, rows: Int
  ) throws {
    let context = try NetworkContext(engine, mode: .training, precision: configuration.resolvedPrecision)
    encoder = try ResNet(
      context, configuration.architecture, views: rows, height: viewSize.height, width: viewSize.width)
    let width = encoder.representationWidth
    projection = configuration.isContrasting ? Projection(context, configuration.headPlan, inputWidth: width) : nil
    classification = try configuration.isClassifying ? Classification(context, configuration, inputWidth: width) : nil
    isNormalizingRepresentations = configuration.normalizeEncoder
    self.rows = rows
    layout = context.layout
    representationGradient = Array(repeating: 0, count: rows * width)
  }

  /// Makes room for a shard's pass, with activations of its own or without.
  func makePass(keptActivations: ResNet.SavedActivations?) -> ShardPass {
    ShardPass(self, keptActivations: keptActivations)
  }

  /// Whether the activations of a shard's forward pass are still there; if not, it has to run forward again.
  func holdsActivations(of pass: ShardPass) -> Bool {
    pass.keptActivations != nil || ownActivationsHolder === pass
  }

  private func activations(of pass: ShardPass) -> ResNet.SavedActivations {
    guard holdsActivations(of: pass), let activations = pass.keptActivations ?? ownActivations else {
      preconditionFailure("the shard has to run forward again")
    }
    return activations
  }

  /// Writes the BatchNorm moments of a shard's forward pass to their places in a vector of the statistics' layout.
  func moments(of pass: ShardPass, into moments: inout MutableSpan<Float>) {
    encoder.batchStatistics(of: activations(of: pass), into: &moments)
    if let projection, let projected = pass.projection {
      projection.moments(of: projected, into: &moments)
    }
  }

  /// Takes new parameters, once a step.
  func load(_ parameters: [Float]) throws(DNNLError) {
    try encoder.load(parameters.span)
    // What stands there came from the parameters before.
    ownActivationsHolder = nil
  }

  /// Views → representations → embeddings, logits.
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
    if let projection, let projected = pass.projection {
      try projection.forward(representations.span, parameters: parameters, projected)
    }
    if let classification, let classified = pass.classification {
      try classification.forward(representations.span, parameters: parameters, classified)
    }
  }

  /// The shard's part of the weighted cross-entropy, whose gradient takes the place of the logits; 0 without a classifier.
  ///
  /// - Parameters:
  ///   - pass: A shard that has run forward.
  ///   - labels: The class of each of its rows.
  ///   - weight: What every row's cross-entropy is multiplied with.
  /// - Returns: That part, and how many rows have their class first.
  func crossEntropy(
    of pass: ShardPass, labels: @autoclosure () -> [Int32], weight: @autoclosure () -> Double
  ) -> (value: Double, correctCount: Int) {
    guard let classification, let classified = pass.classification else { return (0, 0) }
    return classification.crossEntropy(of: classified, labels: labels(), weight: weight())
  }

  /// Gradients of embeddings and logits → parameter gradients, each at its place in `gradient`.
  ///
  /// - Parameters:
  ///   - pass: A shard that has run forward.
  ///   - parameters: The parameters that were loaded.
  ///   - gradient: Receives the gradients.
  ///   - completed: Told how far down, from the end, all of `gradient` is there.
  /// - Throws: `DNNLError` if a primitive fails.
  func backward(
    _ pass: ShardPass, parameters: [Float], into gradient: inout MutableSpan<Float>,
    completed: (_ lowerBound: Int, _ gradient: Span<Float>) -> Void = { _, _ in }
  ) throws(DNNLError) {
    let representations = pass.representations
    var representationGradient: [Float] = []
    swap(&representationGradient, &self.representationGradient)
    defer { swap(&representationGradient, &self.representationGradient) }
    var inputGradient = representationGradient.mutableSpan
    if let projection, let projected = pass.projection {
      try projection.backward(
        representations.span, parameters: parameters, projected, into: &gradient, inputGradient: &inputGradient)
    }
    if let classification, let classified = pass.classification {
      try classification.backward(
        representations.span, parameters: parameters, classified, into: &gradient, inputGradient: &inputGradient,
        isAdding: projection != nil)
    }
    if isNormalizingRepresentations {
      let lengths = pass.representationLengths
      UnitNormalization.backward(
        unitRows: representations.span, lengths: lengths.span, gradient: &inputGradient,
        width: encoder.representationWidth)
    }
    try encoder.backward(
      activations(of: pass), representationGradient: representationGradient.span, into: &gradient, completed: completed)
  }
}
