import OneDNN

/// The layers of a projection head.
public struct ProjectionHeadArchitecture: Sendable, Equatable {
  /// The width of each layer's output, the last that of the embeddings; without any, representations are embeddings.
  public let widths: [Int]
  /// True if there is a batch normalization between each hidden layer and its ReLU.
  public let hasBatchNormalization: Bool

  /// Describes a head: one width is a linear map, more are an MLP with ReLUs between.
  public init(_ widths: [Int], hasBatchNormalization: Bool = false) {
    self.widths = widths
    self.hasBatchNormalization = hasBatchNormalization
  }

  /// A linear map and its normalization.
  struct Layer {
    let name: String
    let outputWidth: Int
    /// The name of the normalization that replaces the bias; only hidden layers have one.
    let normalization: String?
  }

  /// The layers: `head` where it is one, else `head.0` and so on, with layers, normalizations and ReLUs counted, as in SupContrast.
  var layers: [Layer] {
    var place = 0
    return widths.enumerated().map { index, width in
      let isNormalized = hasBatchNormalization && index < widths.count - 1
      defer { place += isNormalized ? 3 : 2 }
      return Layer(
        name: widths.count == 1 ? "head" : "head.\(place)", outputWidth: width,
        normalization: isNormalized ? "head.\(place + 1)" : nil)
    }
  }
}

/// The map from representations to embeddings before they are scaled to unit length: `[views, in]` → `[views, out]`.
///
/// It is used by the loss and discarded after pretraining (Khosla and others 2020, §3.1).
public final class ProjectionHead {
  /// The activations of a forward pass that the backward pass needs, for each hidden layer.
  public final class SavedActivations {
    fileprivate var hidden: [Hidden]

    fileprivate struct Hidden {
      /// After the ReLU, `[views, width]`.
      var outputs: [Float]
      /// Before the normalization, if there is one.
      var products: [Float]
      var statistics: RowNormalization.Statistics?
    }

    fileprivate init(_ head: ProjectionHead, views: Int) {
      hidden = head.layers.dropLast().map { layer in
        let zeros = [Float](repeating: 0, count: views * layer.linear.outputWidth)
        return Hidden(outputs: zeros, products: layer.normalization == nil ? [] : zeros)
      }
    }
  }

  private struct Layer {
    let linear: LinearLayer
    let normalization: RowNormalization?
  }

  /// The width of the output.
  public let outputWidth: Int

  private let layers: [Layer]

  /// Registers the parameters under the names of the architecture's layers.
  public init(_ context: NetworkContext, _ plan: ProjectionHeadArchitecture, inputWidth: Int) {
    outputWidth = plan.widths.last ?? inputWidth
    var width = inputWidth
    var layers: [Layer] = []
    let gradientStart = context.gradientStart
    for next in plan.layers {
      let linear = LinearLayer(
        &context.layout.parameters, next.name, inputWidth: width, outputWidth: next.outputWidth,
        hasBias: next.normalization == nil, gradientStart: gradientStart)
      let normalization = next.normalization.map { name in RowNormalization(context, name, width: next.outputWidth) }
      layers.append(Layer(linear: linear, normalization: normalization))
      width = next.outputWidth
    }
    self.layers = layers
  }

  /// Allocates the activations of a forward pass of `views` rows.
  public func makeSavedActivations(views: Int) -> SavedActivations {
    SavedActivations(self, views: views)
  }

  /// Projects representations.
  ///
  /// - Throws: `DNNLError` if a product fails.
  public func forward(
    _ representations: Span<Float>, parameters: Span<Float>, _ saved: SavedActivations,
    into projections: inout MutableSpan<Float>
  ) throws(DNNLError) {
    try forward(from: 0, representations, parameters: parameters, saved, into: &projections)
  }

  /// The layers from `index` on.
  private func forward(
    from index: Int, _ input: Span<Float>, parameters: Span<Float>, _ saved: SavedActivations,
    into projections: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard index < layers.count else {
      projections.copy(input)
      return
    }
    let layer = layers[index]
    guard index < layers.count - 1 else {
      try layer.linear.forward(input, parameters: parameters, into: &projections)
      return
    }
    var hidden = SavedActivations.Hidden(outputs: [], products: [])
    swap(&hidden, &saved.hidden[index])
    defer { swap(&hidden, &saved.hidden[index]) }
    if let normalization = layer.normalization {
      var products = hidden.products.mutableSpan
      try layer.linear.forward(input, parameters: parameters, into: &products)
      let normalized = hidden.products
      let statistics = normalization.statistics(of: normalized.span)
      var outputs = hidden.outputs.mutableSpan
      normalization.forward(normalized.span, statistics, parameters: parameters, into: &outputs)
      hidden.statistics = statistics
    } else {
      var outputs = hidden.outputs.mutableSpan
      try layer.linear.forward(input, parameters: parameters, into: &outputs)
    }
    for index in hidden.outputs.indices {
      hidden.outputs[index] = max(hidden.outputs[index], 0)
    }
    try forward(from: index + 1, hidden.outputs.span, parameters: parameters, saved, into: &projections)
  }

  /// Projects representations in evaluation: hidden layers are normalized with their running statistics.
  ///
  /// - Parameters:
  ///   - representations: `[rows, in]`.
  ///   - parameters: The model's.
  ///   - statistics: Its running statistics.
  /// - Returns: `[rows, out]`.
  /// - Throws: `DNNLError` if a product fails.
  public func projections(
    of representations: [Float], parameters: Span<Float>, statistics: Span<Float>
  ) throws(DNNLError) -> [Float] {
    var values = representations
    for (index, layer) in layers.enumerated() {
      let rows = values.count / layer.linear.inputWidth
      var outputs = [Float](repeating: 0, count: rows * layer.linear.outputWidth)
      var outputRows = outputs.mutableSpan
      try layer.linear.forward(values.span, parameters: parameters, into: &outputRows)
      if let normalization = layer.normalization {
        let products = outputs
        var normalized = outputs.mutableSpan
        normalization.forward(
          products.span, normalization.runningStatistics(in: statistics, rows: rows), parameters: parameters,
          into: &normalized)
      }
      values = index < layers.count - 1 ? outputs.map { value in max(value, 0) } : outputs
    }
    return values
  }

  /// Writes the parameters' gradients to their places and the gradient of the representations.
  ///
  /// - Throws: `DNNLError` if a product fails.
  public func backward(
    representations: Span<Float>, projectionGradient: Span<Float>, parameters: Span<Float>, _ saved: SavedActivations,
    into gradient: inout MutableSpan<Float>, representationGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    try backward(
      downTo: 0, input: representations, projectionGradient: projectionGradient, parameters: parameters, saved,
      into: &gradient, inputGradient: &representationGradient)
  }

  /// The layers from the last down to `index`, whose input was `input`.
  private func backward(
    downTo index: Int, input: Span<Float>, projectionGradient: Span<Float>, parameters: Span<Float>,
    _ saved: SavedActivations,
    into gradient: inout MutableSpan<Float>, inputGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard index < layers.count else {
      inputGradient.copy(projectionGradient)
      return
    }
    let layer = layers[index]
    guard index < layers.count - 1 else {
      try layer.linear.backward(
        input: input, outputGradient: projectionGradient, parameters: parameters, into: &gradient,
        inputGradient: &inputGradient)
      return
    }
    let hidden = saved.hidden[index]
    var hiddenGradient = [Float](repeating: 0, count: hidden.outputs.count)
    var outputGradient = hiddenGradient.mutableSpan
    try backward(
      downTo: index + 1, input: hidden.outputs.span, projectionGradient: projectionGradient, parameters: parameters,
      saved, into: &gradient, inputGradient: &outputGradient)
    for index in hidden.outputs.indices where hidden.outputs[index] <= 0 {
      hiddenGradient[index] = 0
    }
    if let normalization = layer.normalization, let statistics = hidden.statistics {
      var rowGradient = hiddenGradient.mutableSpan
      normalization.backward(
        input: hidden.products.span, statistics, parameters: parameters, into: &gradient, rowGradient: &rowGradient)
    }
    try layer.linear.backward(
      input: input, outputGradient: hiddenGradient.span, parameters: parameters, into: &gradient,
      inputGradient: &inputGradient)
  }

  /// Writes the batch statistics of a forward pass to their places in a vector of the statistics' layout.
  public func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    for (layer, hidden) in zip(layers, saved.hidden) {
      if let normalization = layer.normalization, let statistics = hidden.statistics {
        normalization.batchStatistics(of: statistics, into: &batchStatistics)
      }
    }
  }
}

extension MutableSpan<Float> {
  /// Takes the elements of a span as long.
  fileprivate mutating func copy(_ elements: Span<Float>) {
    precondition(elements.count == count, "\(elements.count) elements for \(count)")
    for index in elements.indices {
      self[index] = elements[index]
    }
  }
}
