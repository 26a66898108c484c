import Configuration
import FlatVectors
import NeuralNet
import OneDNN
import Runs

/// The map from representations to embeddings: a run's projection head, then scaling to unit length.
package final class EmbeddingHead {
  /// The number of elements of an embedding.
  package let width: Int
  private let head: ProjectionHead
  private let parameters: FlatVector
  private let statistics: FlatVector

  /// Compiles the projection head of a run.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(_ configuration: Configuration, _ state: TrainingState) throws {
    // The head's parameters follow the encoder's in the vector.
    let context = try NetworkContext(Engine(), mode: .inference, precision: configuration.compute.resolvedPrecision)
    context.reserve(configuration.architecture)
    head = ProjectionHead(
      context, configuration.headArchitecture, inputWidth: configuration.architecture.representationWidth)
    precondition(
      state.parameterLayout.slices.starts(with: context.parameters.slices), "encoder and head are not the run's")
    (parameters, statistics) = (state.parameters, state.statistics)
    width = configuration.widthOfEmbeddings
  }

  /// Returns the outputs of the projection head for representations, `[samples, width]`, not scaled to unit length.
  ///
  /// - Throws: `DNNLError` if a primitive fails.
  package func projections(of representations: [Float]) throws -> [Float] {
    try parameters.withSpan { parameters in
      try statistics.withSpan { statistics in
        try head.projections(of: representations, parameters: parameters, statistics: statistics)
      }
    }
  }

  /// Returns the embeddings of representations, `[samples, width]`, scaled to unit length.
  ///
  /// - Throws: `DNNLError` if a primitive fails.
  package func embeddings(of representations: [Float]) throws -> [Float] {
    var embeddings = try projections(of: representations)
    L2Normalization.scale(&embeddings, width: width)
    return embeddings
  }
}
