import NeuralNet

/// The options of the projection head, which maps representations to embeddings.
package struct HeadOptions: Sendable, Equatable {
  /// The kinds of projection heads.
  package enum Kind: String, CaseIterable, Sendable {
    /// Linear layers with a ReLU after each but the last.
    case mlp
    /// A single linear layer.
    case linear
    /// No projection head: the embeddings are the normalized representations.
    case none
  }

  /// The kind of projection head.
  package var kind = Kind.mlp
  /// The output widths of an MLP's layers, the last being the embedding width; `nil` for one hidden layer as wide as
  /// the representations, then ``embeddingWidth``.
  package var widths: [Int]?
  /// True for BatchNorm after each hidden layer.
  package var batchNorm = false
  /// The embedding width, if ``widths`` is `nil`.
  package var embeddingWidth = 128

  /// Creates the default options.
  package init() {}

  /// Returns the architecture of the head for representations of the given width.
  package func architecture(representationWidth: Int) -> ProjectionHeadArchitecture {
    let layers: [Int] =
      switch kind {
      case .none: []
      case .linear: [embeddingWidth]
      case .mlp: widths ?? [representationWidth, embeddingWidth]
      }
    return ProjectionHeadArchitecture(layers, hasBatchNormalization: batchNorm)
  }

  /// The error for the first contradiction between these options; `nil` if there is none.
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
        remedy: "give --embedding-width \(last) too, or --head-widths that end in \(embeddingWidth)")
    }
    return nil
  }
}
