import OneDNN

/// A convolution and its batch normalization, the building block of residual networks.
///
///     input ──► convolution ──► convolved ──► normalized (never stored: ReLU and sums follow in the same pass)
final class ConvolutionUnit {
  /// The activations of a forward pass that the backward pass needs.
  final class SavedActivations {
    let convolved: Tensor
    fileprivate(set) var statistics: BatchNormalization.Statistics

    /// The size of the output of the convolution in bytes.
    var byteCount: Int { convolved.byteCount }

    fileprivate init(_ convolved: Tensor, _ statistics: BatchNormalization.Statistics) {
      self.convolved = convolved
      self.statistics = statistics
    }
  }

  private let convolution: ConvolutionLayer
  private let layer: BatchNormalizationLayer
  private let isTraining: Bool

  var outputShape: ActivationShape { convolution.outputShape }

  /// The number of elements of its sums.
  var sumCount: Int { normalization.sumCount }

  private var normalization: BatchNormalization { layer.normalization }

  /// Registers weights under `convolutionName`, scale, shift and running statistics under `normalizationName`.
  init(
    _ context: NetworkContext, _ convolutionName: String, _ normalizationName: String, _ geometry: Convolution.Geometry,
    isFirst: Bool = false, zeroInitializesLastScale: Bool = false
  ) throws(DNNLError) {
    context.beginGradientPart()
    convolution = try ConvolutionLayer(context, convolutionName, geometry, isFirst: isFirst)
    layer = BatchNormalizationLayer(
      context, normalizationName, geometry.output, zeroInitializesLastScale: zeroInitializesLastScale)
    isTraining = context.isTraining
  }

  /// Memory for the activations of a forward pass: its own, or scratch memory that units of one role share.
  func makeSavedActivations(_ context: NetworkContext, sharing role: ScratchRole?) throws(DNNLError) -> SavedActivations
  {
    let convolved =
      if let role { try context.scratchTensor(outputShape, role) } else { try context.makeActivation(outputShape) }
    return SavedActivations(convolved, normalization.noStatistics())
  }

  func load(_ parameters: Span<Float>, _ loading: WeightLoading) throws(DNNLError) {
    try convolution.load(parameters, loading)
    layer.load(parameters)
  }

  /// In evaluation, takes the running statistics to normalize with.
  func load(statistics: Span<Float>, into saved: SavedActivations) {
    saved.statistics = layer.statistics(from: statistics)
  }

  func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    layer.batchStatistics(of: saved.statistics, into: &batchStatistics)
  }

  // MARK: - Forward

  /// Convolves `input`.
  ///
  /// - Returns: In training, the sums of its output; else none.
  func convolve(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) -> BatchNormalization.Sums {
    var sums = isTraining ? normalization.noSums() : []
    try convolution.forward(input, into: saved.convolved, sums: &sums)
    return sums
  }

  /// Takes the statistics to normalize with, in training.
  func setStatistics(_ saved: SavedActivations, of sums: BatchNormalization.Sums) {
    if isTraining {
      saved.statistics = normalization.statistics(of: sums)
    }
  }

  /// Convolves the input of an earlier forward pass again, whose statistics are still there.
  func convolveAgain(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) {
    var sums: BatchNormalization.Sums = []
    try convolution.forward(input, into: saved.convolved, sums: &sums)
  }

  /// relu(normalized).
  func relu(_ saved: SavedActivations, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.relu(saved.convolved, saved.statistics, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 2 * output.byteCount)
  }

  /// relu(normalized + shortcut).
  func addRelu(_ saved: SavedActivations, shortcut: Tensor, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.addRelu(saved.convolved, saved.statistics, shortcut: shortcut, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 3 * output.byteCount)
  }

  /// relu(normalized + the normalized output of another unit).
  func addRelu(_ saved: SavedActivations, shortcut: SavedActivations, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.addRelu(
      saved.convolved, saved.statistics, shortcut: shortcut.convolved, shortcut.statistics, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 3 * output.byteCount)
  }

  // MARK: - Backward

  /// The gradient before the ReLU of ``relu(_:into:)``.
  func reluGradient(
    _ gradient: ReluOutputGradient, _ saved: SavedActivations, into masked: Tensor
  ) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.reluGradient(
      gradient.first, addend: gradient.second, input: saved.convolved, saved.statistics, into: masked)
    convolution.clock.stop(start, .normalization, byteCount: (gradient.second == nil ? 3 : 4) * masked.byteCount)
    return sums
  }

  /// The gradient before the ReLU of a sum, whose output was `output`.
  func reluGradient(
    _ gradient: ReluOutputGradient, output: Tensor, _ saved: SavedActivations, into masked: Tensor
  ) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.reluGradient(
      gradient.first, addend: gradient.second, output: output, input: saved.convolved, saved.statistics, into: masked)
    convolution.clock.stop(start, .normalization, byteCount: (gradient.second == nil ? 4 : 5) * masked.byteCount)
    return sums
  }

  /// The sums of a gradient whose ReLU mask another unit has applied: in a residual block, that of the projected shortcut.
  func gradientSums(of gradient: Tensor, _ saved: SavedActivations) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.gradientSums(of: gradient, input: saved.convolved, saved.statistics)
    convolution.clock.stop(start, .normalization, byteCount: 2 * gradient.byteCount)
    return sums
  }

  /// Computes the parameters' gradients at their places and, if requested, the input's, from the gradient before the ReLU.
  ///
  /// `inner` is scratch memory for the gradient between normalization and convolution; `completed` is called when the parameters' are complete.
  func backward(
    _ masked: Tensor, sums: GroupSums, input: Tensor, _ saved: SavedActivations, inner: Tensor,
    into gradient: inout MutableSpan<Float>, completed: GradientPartHandler, inputGradient: Tensor?
  ) throws(DNNLError) {
    let start = convolution.clock.start()
    layer.inputGradient(
      masked, sums: sums, input: saved.convolved, saved.statistics, into: inner, parameterGradient: &gradient)
    convolution.clock.stop(start, .normalization, byteCount: 3 * inner.byteCount)
    try convolution.weightGradient(input: input, outputGradient: inner, into: &gradient)
    completed(convolution.weight.range.lowerBound..<layer.parameterEnd, gradient.span)
    if let inputGradient {
      try convolution.inputGradient(outputGradient: inner, into: inputGradient)
    }
  }
}

/// The gradient of a ReLU's output that one or two paths read: the sum of both paths' gradients.
struct ReluOutputGradient {
  var first: Tensor
  var second: Tensor?
}

/// Receives the range of the parameters whose gradients are complete, and the vector that holds them.
public typealias GradientPartHandler = (_ parameters: Range<Int>, _ gradient: Span<Float>) -> Void
