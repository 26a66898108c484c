import NeuralNet
import OneDNN

/// The branch of the contrastive loss: representations → projection head → embeddings, unit rows.
package struct Projection {
  /// What a shard's pass leaves.
  final class Pass {
    fileprivate let head: ProjectionHead.SavedActivations
    /// `[rows, width]`, unit rows.
    var embeddings: [Float]
    /// ∂L/∂embeddings, to be filled before the backward pass.
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

  /// Registers the head's parameters.
  package init(_ context: NetworkContext, _ plan: ProjectionHeadArchitecture, inputWidth: Int) {
    head = ProjectionHead(context, plan, inputWidth: inputWidth)
  }

  /// Makes room for the pass of a shard of `rows` views.
  func makePass(rows: Int) -> Pass {
    Pass(head, rows: rows)
  }

  /// Representations → embeddings.
  func forward(_ representations: Span<Float>, parameters: [Float], _ pass: Pass) throws(DNNLError) {
    var projections = [Float](repeating: 0, count: pass.embeddings.count)
    var projected = projections.mutableSpan
    try head.forward(representations, parameters: parameters.span, pass.head, into: &projected)
    var (embeddings, lengths): ([Float], [Float]) = ([], [])
    swap(&embeddings, &pass.embeddings)
    swap(&lengths, &pass.lengths)
    var unitRows = embeddings.mutableSpan
    var divisors = lengths.mutableSpan
    UnitNormalization.forward(projections.span, width: head.outputWidth, into: &unitRows, lengths: &divisors)
    swap(&embeddings, &pass.embeddings)
    swap(&lengths, &pass.lengths)
  }

  /// Writes the head's gradients to their places, and the gradient of the representations.
  func backward(
    _ representations: Span<Float>, parameters: [Float], _ pass: Pass, into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    let (embeddings, lengths) = (pass.embeddings, pass.lengths)
    var embeddingGradient = pass.embeddingGradient
    var rowGradient = embeddingGradient.mutableSpan
    UnitNormalization.backward(
      unitRows: embeddings.span, lengths: lengths.span, gradient: &rowGradient, width: head.outputWidth)
    try head.backward(
      representations: representations, projectionGradient: embeddingGradient.span, parameters: parameters.span,
      pass.head, into: &gradient, representationGradient: &inputGradient)
  }

  /// Writes the head's BatchNorm moments to their places in a vector of the statistics' layout.
  func moments(of pass: Pass, into moments: inout MutableSpan<Float>) {
    head.batchStatistics(of: pass.head, into: &moments)
  }
}
