import NeuralNet

/// The projection head, between representations and embeddings.
package struct HeadOptions: Sendable, Equatable {
  /// The kinds of heads.
  package enum Kind: String, CaseIterable, Sendable {
    /// Hidden layers with ReLUs.
    case mlp
    /// One linear layer.
    case linear
    /// The representations are the embeddings.
    case none
  }

  /// The kind.
  package var kind = Kind.mlp
  /// The width of each layer of an MLP, the embeddings' last; `nil` for that of the representations, then ``embeddingWidth``.
  package var widths: [Int]?
  /// True for batch normalization in the hidden layers.
  package var batchNorm = false
  /// The width of the embeddings.
  package var embeddingWidth = 128

  /// The defaults.
  package init() {}

  /// Returns the layers for representations of a width.
  package func architecture(representationWidth: Int) -> ProjectionHeadArchitecture {
    let layers: [Int] =
      switch kind {
      case .none: []
      case .linear: [embeddingWidth]
      case .mlp: widths ?? [representationWidth, embeddingWidth]
      }
    return ProjectionHeadArchitecture(layers, hasBatchNormalization: batchNorm)
  }

  /// The first contradiction between these options, or `nil`.
  var problem: RunError? {
    guard kind == .mlp, let widths, let last = widths.last else { return nil }
    let text = widths.map { width in "\(width)" }.joined(separator: ",")
    guard widths.count > 1 else {
      return RunError(
        .usage, "--head-widths \(text): expected at least two widths",
        remedy: "one layer is --head linear --embedding-width")
    }
    guard last == embeddingWidth else {
      return RunError(
        .usage,
        "--head-widths \(text): the last is the width of the embeddings, but --embedding-width is \(embeddingWidth)",
        remedy: "give --embedding-width \(last) too")
    }
    return nil
  }
}
