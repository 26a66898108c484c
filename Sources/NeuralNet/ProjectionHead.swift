import OneDNN

/// The architecture of a projection head.
public struct ProjectionHeadArchitecture: Sendable, Equatable {
  /// The output width of each layer, ending with the width of the embeddings; empty for a head without layers.
  public let widths: [Int]
  /// True if there is a batch normalization between each hidden layer and its ReLU.
  public let hasBatchNormalization: Bool

  /// Describes a head: one width gives a linear layer, more give an MLP with ReLUs in between.
  public init(_ widths: [Int], hasBatchNormalization: Bool = false) {
    self.widths = widths
    self.hasBatchNormalization = hasBatchNormalization
  }

  /// A linear layer and the normalization after it.
  struct Layer {
    let name: String
    let outputWidth: Int
    /// The name of the batch normalization, whose shift replaces the bias; `nil` if none follows the layer.
    let normalization: String?
  }

  /// The linear layers, named as in SupContrast: `head` for a single one, else `head.N`, where N also counts
  /// normalizations and ReLUs.
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

/// The projection head: maps representations to embeddings that are not yet scaled to unit length,
/// `[views, in]` → `[views, out]`.
///
/// It is used by the loss and discarded after pretraining (Khosla and others 2020, §3.1).
public final class ProjectionHead {
  /// The activations of a forward pass that the backward pass needs, for each hidden layer.
  public final class SavedActivations {
    fileprivate var hidden: [Hidden]

    fileprivate struct Hidden {
      /// The outputs of the ReLU, `[views, width]`.
      var outputs: [Float]
      /// The inputs of the batch normalization, `[views, width]`; empty without one.
      var products: [Float]
      var statistics: BatchNormalization1D.Statistics?
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
    let normalization: BatchNormalization1D?
  }

  /// The number of elements of an embedding, the width of the last layer.
  public let outputWidth: Int

  private let layers: [Layer]

  /// Registers the parameters under the names given by ``ProjectionHeadArchitecture/layers``.
  public init(_ context: NetworkContext, _ architecture: ProjectionHeadArchitecture, inputWidth: Int) {
    outputWidth = architecture.widths.last ?? inputWidth
    var width = inputWidth
    var layers: [Layer] = []
    let gradientStart = context.gradientStart
    for next in architecture.layers {
      let linear = LinearLayer(
        &context.layout.parameters, next.name, inputWidth: width, outputWidth: next.outputWidth,
        hasBias: next.normalization == nil, gradientStart: gradientStart)
      let normalization = next.normalization.map { name in BatchNormalization1D(context, name, width: next.outputWidth)
      }
      layers.append(Layer(linear: linear, normalization: normalization))
      width = next.outputWidth
    }
    self.layers = layers
  }

  /// Allocates the activations of a forward pass over `views` rows.
  public func makeSavedActivations(views: Int) -> SavedActivations {
    SavedActivations(self, views: views)
  }

  /// Computes the head's output from representations.
  ///
  /// - Throws: `DNNLError` if a matrix product fails.
  public func forward(
    _ representations: Span<Float>, parameters: Span<Float>, _ saved: SavedActivations,
    into projections: inout MutableSpan<Float>
  ) throws(DNNLError) {
    try forward(from: 0, representations, parameters: parameters, saved, into: &projections)
  }

  /// Computes the outputs of the layers from `index` to the last.
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

  /// Computes the projection head's output in evaluation mode, in which BatchNorm uses running statistics.
  ///
  /// - Parameters:
  ///   - representations: The representations, `[rows, in]`.
  ///   - parameters: The parameters of the model.
  ///   - statistics: The running statistics of the model.
  /// - Returns: The head's output, `[rows, out]`.
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

  /// Computes the gradients of the parameters and of the representations.
  ///
  /// - Throws: `DNNLError` if a matrix product fails.
  public func backward(
    representations: Span<Float>, projectionGradient: Span<Float>, parameters: Span<Float>, _ saved: SavedActivations,
    into gradient: inout MutableSpan<Float>, representationGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    try backward(
      downTo: 0, input: representations, projectionGradient: projectionGradient, parameters: parameters, saved,
      into: &gradient, inputGradient: &representationGradient)
  }

  /// Computes the gradients of the layers from the last down to `index`, whose input was `input`.
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

  /// Writes the batch statistics of a forward pass into the vector of the batch statistics of all layers.
  public func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    for (layer, hidden) in zip(layers, saved.hidden) {
      if let normalization = layer.normalization, let statistics = hidden.statistics {
        normalization.batchStatistics(of: statistics, into: &batchStatistics)
      }
    }
  }
}

extension MutableSpan<Float> {
  /// Copies the elements of a span of the same length.
  fileprivate mutating func copy(_ elements: Span<Float>) {
    precondition(elements.count == count, "\(elements.count) elements for \(count)")
    for index in elements.indices {
      self[index] = elements[index]
    }
  }
}
