import FlatVectors
import NeuralNet
import OneDNN

/// The contrastive branch of a model: representations → projection head → embeddings of unit length.
package struct Projection {
  /// The projection head's saved activations of one shard.
  final class Activations {
    fileprivate let head: ProjectionHead.SavedActivations
    /// The embeddings, `[rows, width]`; every row has unit length.
    var embeddings: [Float]
    /// The gradient of the loss with respect to the embeddings, `[rows, width]`, set before the backward pass.
    var embeddingGradient: [Float]
    fileprivate var lengths: [Float]

    fileprivate init(_ head: ProjectionHead, rows: Int) {
      self.head = head.makeSavedActivations(views: rows)
      embeddings = Array(repeating: 0, count: rows * head.outputWidth)
      embeddingGradient = embeddings
      lengths = Array(repeating: 0, count: rows)
    }
  }

  private let head: ProjectionHead

  /// Registers the projection head's parameters.
  package init(_ context: NetworkContext, _ architecture: ProjectionHeadArchitecture, inputWidth: Int) {
    head = ProjectionHead(context, architecture, inputWidth: inputWidth)
  }

  /// Allocates the activations of a shard of `rows` views.
  func makeActivations(rows: Int) -> Activations {
    Activations(head, rows: rows)
  }

  /// Computes embeddings from representations.
  func forward(_ representations: Span<Float>, parameters: FlatVector, _ shard: Activations) throws(DNNLError) {
    var projections = [Float](repeating: 0, count: shard.embeddings.count)
    var projected = projections.mutableSpan
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try head.forward(representations, parameters: parameters, shard.head, into: &projected)
    }
    var (embeddings, lengths): ([Float], [Float]) = ([], [])
    swap(&embeddings, &shard.embeddings)
    swap(&lengths, &shard.lengths)
    var unitRows = embeddings.mutableSpan
    var divisors = lengths.mutableSpan
    L2Normalization.forward(projections.span, width: head.outputWidth, into: &unitRows, lengths: &divisors)
    swap(&embeddings, &shard.embeddings)
    swap(&lengths, &shard.lengths)
  }

  /// Computes the gradients of the head's parameters and of the representations.
  func backward(
    _ representations: Span<Float>, parameters: FlatVector, _ shard: Activations,
    into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    let (embeddings, lengths) = (shard.embeddings, shard.lengths)
    var embeddingGradient = shard.embeddingGradient
    var rowGradient = embeddingGradient.mutableSpan
    L2Normalization.backward(
      unitRows: embeddings.span, lengths: lengths.span, gradient: &rowGradient, width: head.outputWidth)
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try head.backward(
        representations: representations, projectionGradient: embeddingGradient.span, parameters: parameters,
        shard.head, into: &gradient, representationGradient: &inputGradient)
    }
  }

  /// Writes the batch statistics of the head's BatchNorm layers into a vector of all layers' statistics.
  func batchStatistics(of shard: Activations, into statistics: inout MutableSpan<Float>) {
    head.batchStatistics(of: shard.head, into: &statistics)
  }
}
