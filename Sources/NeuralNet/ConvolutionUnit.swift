import OneDNN

/// A convolution and its batch normalization, the building block of residual networks.
///
///     input ──► convolution ──► convolved ──► normalized (never stored: the ReLU's pass over memory computes it)
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

  /// The number of elements of the sums that BatchNorm takes over a batch.
  var sumCount: Int { normalization.sumCount }

  private var normalization: BatchNormalization { layer.normalization }

  /// Registers weights under `convolutionName`, and scale, shift and running statistics under `normalizationName`.
  init(
    _ context: NetworkContext, _ convolutionName: String, _ normalizationName: String, _ geometry: Convolution.Geometry,
    isFirst: Bool = false, zeroInitializesLastScale: Bool = false
  ) throws(DNNLError) {
    context.beginSegment()
    convolution = try ConvolutionLayer(context, convolutionName, geometry, isFirst: isFirst)
    layer = BatchNormalizationLayer(
      context, normalizationName, geometry.output, zeroInitializesLastScale: zeroInitializesLastScale)
    isTraining = context.isTraining
  }

  /// Returns memory for the activations of a forward pass: scratch memory of a role, or without one memory of `lending`
  /// or new memory.
  func makeSavedActivations(
    _ context: NetworkContext, sharing role: ScratchRole?, in lending: LendingMemory? = nil
  ) throws(DNNLError) -> SavedActivations {
    let convolved =
      if let role {
        try context.scratchTensor(outputShape, role)
      } else {
        try context.makeActivation(outputShape, in: lending)
      }
    return SavedActivations(convolved, normalization.zeroStatistics())
  }

  func load(_ parameters: Span<Float>, _ loading: WeightLoading) throws(DNNLError) {
    try convolution.load(parameters, loading)
    layer.load(parameters)
  }

  /// Stores in `saved` the running statistics with which evaluation normalizes.
  func load(statistics: Span<Float>, into saved: SavedActivations) {
    saved.statistics = layer.statistics(from: statistics)
  }

  func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    layer.batchStatistics(of: saved.statistics, into: &batchStatistics)
  }

  // MARK: - Forward

  /// Convolves `input` and stores the result in `saved`.
  ///
  /// - Returns: The sums of the output, from which ``setStatistics(_:of:)`` computes statistics; empty in evaluation.
  func convolve(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) -> BatchNormalization.Sums {
    var sums = isTraining ? normalization.zeroSums() : []
    try convolution.forward(input, into: saved.convolved, sums: &sums)
    return sums
  }

  /// Computes the batch statistics from sums and stores them in `saved`; does nothing in evaluation.
  func setStatistics(_ saved: SavedActivations, of sums: BatchNormalization.Sums) {
    if isTraining {
      saved.statistics = normalization.statistics(of: sums)
    }
  }

  /// Repeats the convolution of an earlier forward pass; `saved` still has the statistics of that pass.
  func convolveAgain(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) {
    var sums: BatchNormalization.Sums = []
    try convolution.forward(input, into: saved.convolved, sums: &sums)
  }

  /// Computes output ← relu(normalized convolution output).
  func relu(_ saved: SavedActivations, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.relu(saved.convolved, saved.statistics, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 2 * output.byteCount)
  }

  /// Computes output ← relu(normalized convolution output + shortcut).
  func addRelu(_ saved: SavedActivations, shortcut: Tensor, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.addRelu(saved.convolved, saved.statistics, shortcut: shortcut, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 3 * output.byteCount)
  }

  /// Computes output ← relu(normalized convolution output + normalized convolution output of another unit).
  func addRelu(_ saved: SavedActivations, shortcut: SavedActivations, into output: Tensor) {
    let start = convolution.clock.start()
    normalization.addRelu(
      saved.convolved, saved.statistics, shortcut: shortcut.convolved, shortcut.statistics, into: output)
    convolution.clock.stop(start, .normalization, byteCount: 3 * output.byteCount)
  }

  // MARK: - Backward

  /// Computes the gradient of the input of the ReLU in ``relu(_:into:)``; returns the BatchNorm gradient sums.
  func reluGradient(
    _ gradient: ReluOutputGradient, _ saved: SavedActivations, into masked: Tensor
  ) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.reluGradient(
      gradient.first, addend: gradient.second, input: saved.convolved, saved.statistics, into: masked)
    convolution.clock.stop(start, .normalization, byteCount: (gradient.second == nil ? 3 : 4) * masked.byteCount)
    return sums
  }

  /// Computes the gradient of the input of the ReLU after a residual addition; returns the BatchNorm gradient sums.
  ///
  /// `output` is the ReLU's output in the forward pass.
  func reluGradient(
    _ gradient: ReluOutputGradient, output: Tensor, _ saved: SavedActivations, into masked: Tensor
  ) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.reluGradient(
      gradient.first, addend: gradient.second, output: output, input: saved.convolved, saved.statistics, into: masked)
    convolution.clock.stop(start, .normalization, byteCount: (gradient.second == nil ? 4 : 5) * masked.byteCount)
    return sums
  }

  /// Returns the gradient sums for the projected shortcut of a residual block, from the ReLU input gradient that the
  /// block's last unit computed.
  func gradientSums(of gradient: Tensor, _ saved: SavedActivations) -> BatchNormalization.Sums {
    let start = convolution.clock.start()
    let sums = normalization.gradientSums(of: gradient, input: saved.convolved, saved.statistics)
    convolution.clock.stop(start, .normalization, byteCount: 2 * gradient.byteCount)
    return sums
  }

  /// Computes the gradients of the parameters and, if requested, of the input, from the gradient of the ReLU's input.
  ///
  /// The gradient between normalization and convolution replaces the saved output of the convolution, which is not
  /// needed any more. `completed` is called when the parameters' gradients are complete.
  func backward(
    _ masked: Tensor, sums: GroupSums, input: Tensor, _ saved: SavedActivations,
    into gradient: inout MutableSpan<Float>,
    completed: SegmentHandler, inputGradient: Tensor?
  ) throws(DNNLError) {
    let start = convolution.clock.start()
    let inner = saved.convolved
    layer.inputGradient(
      masked, sums: sums, input: inner, saved.statistics, into: inner, parameterGradient: &gradient)
    convolution.clock.stop(start, .normalization, byteCount: 3 * inner.byteCount)
    try convolution.weightGradient(input: input, outputGradient: inner, into: &gradient)
    completed(convolution.weight.range.lowerBound..<layer.parameterEnd, gradient.span)
    if let inputGradient {
      try convolution.inputGradient(outputGradient: inner, into: inputGradient)
    }
  }
}

/// The gradient of a ReLU's output: one tensor, or the sum of two if two layers use the output.
struct ReluOutputGradient {
  var first: Tensor
  var second: Tensor?
}

/// A callback for parameters whose gradients are complete: their range, and the vector that contains the gradients.
public typealias SegmentHandler = (_ parameters: Range<Int>, _ gradient: Span<Float>) -> Void
