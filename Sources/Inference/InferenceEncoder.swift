import Configuration
import DataLoading
import ImageCodecs
import NeuralNet
import OneDNN
import Runs

/// A frozen encoder, compiled in evaluation mode for one thread and a fixed number of views.
package final class InferenceEncoder {
  /// The number of features of a representation.
  package var width: Int { encoder.representationWidth }
  /// The input, `[rows, 3, height, width]`, with the memory strides of ``viewLayout``.
  package var views: Tensor { encoder.views }
  /// The memory strides of a view in the input.
  package var viewLayout: ImageLayout { encoder.viewLayout }

  private let encoder: ResNet
  private let activations: ResNet.SavedActivations
  private let rows: Int
  private let isNormalizing: Bool

  /// Compiles the encoder.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - configuration: The run's configuration.
  ///   - state: The run's weights and running statistics.
  ///   - viewSize: The size of views.
  ///   - rows: The number of views computed together.
  ///   - packedWeights: The packed weights, shared with the same encoder of other threads.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(
    _ engine: Engine, _ configuration: Configuration, _ state: TrainingState, viewSize: ImageSize, rows: Int,
    packedWeights: PackedWeights
  ) throws {
    let context = try NetworkContext(
      engine, mode: .inference, precision: configuration.compute.resolvedPrecision, packedWeights: packedWeights)
    let encoder = try ResNet(
      context, configuration.architecture, views: rows, height: viewSize.height, width: viewSize.width)
    // The encoder's parameters are the first in the run's parameter vector, before those of the heads.
    precondition(
      context.parameters.slices == Array(state.parameterLayout.slices.prefix(context.parameters.slices.count)),
      "the encoder's parameters are not the first of the run's")
    try state.parameters.withSpan { (parameters) throws(DNNLError) in
      // The first thread packs the weights for all.
      try encoder.load(parameters.extracting(0..<context.parameters.count), WeightLoading(turn: 1))
    }
    let activations = try encoder.makeSavedActivations()
    state.statistics.withSpan { statistics in encoder.load(statistics: statistics, into: activations) }
    self.encoder = encoder
    self.activations = activations
    self.rows = rows
    isNormalizing = configuration.model.normalizeEncoder
  }

  /// Computes the representations of the ``views``, `[rows, width]`, of unit length if the run normalizes them.
  package func representations() throws(DNNLError) -> [Float] {
    var features = [Float](repeating: 0, count: rows * width)
    var elements = features.mutableSpan
    try encoder.forward(activations, into: &elements)
    if isNormalizing {
      L2Normalization.scale(&features, width: width)
    }
    return features
  }
}
