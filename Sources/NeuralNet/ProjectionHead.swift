import OneDNN

/// How representations are mapped to the space of the loss.
public enum ProjectionHeadKind: String, Sendable, CaseIterable {
  /// width → width → output, with a ReLU between.
  case mlp
  /// width → output.
  case linear
}

/// The map from representations to embeddings before they are scaled to unit length: `[views, in]` → `[views, out]`.
///
/// It serves the loss and is left behind after pretraining (Khosla and others 2020, §3.1).
public final class ProjectionHead {
  /// What a forward pass leaves for the backward pass.
  public final class Record {
    fileprivate var hidden: [Float]
    fileprivate var hiddenGradient: [Float]

    fileprivate init(count: Int) {
      hidden = Array(repeating: 0, count: count)
      hiddenGradient = Array(repeating: 0, count: count)
    }
  }

  /// The width of the output.
  public let outputWidth: Int

  private let first: LinearLayer
  private let second: LinearLayer?

  /// Registers the parameters under `head`, named as in SupContrast.
  public init(_ context: NetworkContext, _ kind: ProjectionHeadKind, inputWidth: Int, outputWidth: Int) {
    self.outputWidth = outputWidth
    switch kind {
    case .mlp:
      first = LinearLayer(&context.parameters, "head.0", inputWidth: inputWidth, outputWidth: inputWidth)
      second = LinearLayer(&context.parameters, "head.2", inputWidth: inputWidth, outputWidth: outputWidth)
    case .linear:
      first = LinearLayer(&context.parameters, "head", inputWidth: inputWidth, outputWidth: outputWidth)
      second = nil
    }
  }

  /// Makes room for what a forward pass of `views` rows leaves.
  public func makeRecord(views: Int) -> Record {
    Record(count: second == nil ? 0 : views * first.outputWidth)
  }

  /// Projects representations.
  ///
  /// - Throws: `DNNLError` if a product fails.
  public func forward(
    _ representations: Span<Float>, parameters: Span<Float>, _ record: Record,
    into projections: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard let second else {
      try first.forward(representations, parameters: parameters, into: &projections)
      return
    }
    var hidden: [Float] = []
    swap(&hidden, &record.hidden)
    defer { swap(&hidden, &record.hidden) }
    var outputs = hidden.mutableSpan
    try first.forward(representations, parameters: parameters, into: &outputs)
    for index in hidden.indices {
      hidden[index] = max(hidden[index], 0)
    }
    try second.forward(hidden.span, parameters: parameters, into: &projections)
  }

  /// Writes the parameters' gradients to their places and the gradient of the representations.
  ///
  /// - Throws: `DNNLError` if a product fails.
  public func backward(
    representations: Span<Float>, projectionGradient: Span<Float>, parameters: Span<Float>, _ record: Record,
    into gradient: inout MutableSpan<Float>, representationGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard let second else {
      try first.backward(
        input: representations, outputGradient: projectionGradient, parameters: parameters, into: &gradient,
        inputGradient: &representationGradient)
      return
    }
    let hidden = record.hidden
    var hiddenGradient: [Float] = []
    swap(&hiddenGradient, &record.hiddenGradient)
    defer { swap(&hiddenGradient, &record.hiddenGradient) }
    var inputGradient = hiddenGradient.mutableSpan
    try second.backward(
      input: hidden.span, outputGradient: projectionGradient, parameters: parameters, into: &gradient,
      inputGradient: &inputGradient)
    for index in hidden.indices where hidden[index] <= 0 {
      hiddenGradient[index] = 0
    }
    try first.backward(
      input: representations, outputGradient: hiddenGradient.span, parameters: parameters, into: &gradient,
      inputGradient: &representationGradient)
  }
}
