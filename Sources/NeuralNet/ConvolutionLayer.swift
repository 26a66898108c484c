import OneDNN

/// A convolution without bias whose weights are a slice of the parameter vector.
///
/// `[batch, in, height, width]` → `[batch, out, height / stride, width / stride]`.
final class ConvolutionLayer {
  let weight: VectorSlice
  let outputShape: ActivationShape
  /// The memory of the weights in oneDNN's order, shared with the same layer in the networks of other threads.
  let weightMemory: PackedWeightMemory

  let clock: LayerClock

  private let context: NetworkContext
  private let gradientRange: Range<Int>
  private let multiplyAdds: Int
  private let method: Method
  private let outputKernels: FeatureMapKernels

  private enum Method {
    /// oneDNN's direct convolution, with its own weight gradient or that of the C functions.
    case direct(Convolution, WeightGradientKernels?)
    case kernels(ConvolutionKernels)
  }

  /// Registers the weights under `name` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - name: The weights' name without `.weight`.
  ///   - geometry: The shapes of the convolution.
  ///   - isFirst: True if the input is the images, whose gradient is not needed.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  init(
    _ context: NetworkContext, _ name: String, _ geometry: Convolution.Geometry, isFirst: Bool = false
  ) throws(DNNLError) {
    var geometry = geometry
    if geometry.input.height == 1, geometry.input.width == 1 {
      // With a single pixel the stride does not matter. With a stride above 1, oneDNN's bfloat16 weight gradient would
      // read out of bounds and differ from call to call.
      geometry.stride = 1
    }
    self.context = context
    weight = context.layout.addConvolution(
      name, inputs: geometry.input.channels, outputs: geometry.outputChannels, kernel: geometry.kernel)
    clock = LayerClock(context, name, shapes: geometry.shortDescription)
    multiplyAdds =
      geometry.output.count * geometry.input.channels * geometry.kernel * geometry.kernel
    gradientRange = context.gradientRange(of: weight)
    weightMemory = context.packedWeights.memory(of: name)
    outputShape = geometry.output
    outputKernels = FeatureMapKernels(geometry.output, context.precision)
    if let own = ConvolutionKernels.method(for: geometry, context.precision) {
      method = .kernels(
        ConvolutionKernels(
          own, geometry, context.precision,
          // Evaluation has only forward passes and can afford float32 products.
          products: context.isTraining ? context.precision : .float32, isTraining: context.isTraining,
          scratch: context.convolutionScratch, weightMemory: weightMemory))
    } else {
      var gradient: WeightGradientKernels?
      if context.isTraining, let own = ConvolutionKernels.weightGradientMethod(for: geometry, context.precision) {
        gradient = WeightGradientKernels(
          own, geometry, context.precision, products: context.precision, scratch: context.convolutionScratch)
      }
      let passes: Convolution.Passes =
        !context.isTraining
        ? .inference : isFirst ? .trainingFirst : gradient == nil ? .training : .trainingWithoutWeightGradient
      method = .direct(
        try Convolution(
          context.engine, context.execution, geometry, context.precision, passes: passes, weightMemory: weightMemory),
        gradient)
    }
  }

  func load(_ parameters: Span<Float>, _ loading: WeightLoading) throws(DNNLError) {
    if weightMemory.isPackedOnUse {
      return
    }
    if let turn = loading.turn, !weightMemory.claim(turn: turn) {
      return
    }
    try pack(parameters, for: loading.uses)
  }

  /// Packs the weights for a pass that follows at once, if they are not kept.
  private func packOnUse(_ use: WeightUses) throws(DNNLError) {
    if weightMemory.isPackedOnUse, let parameters = context.parametersInUse {
      try parameters.withSpan { (parameters) throws(DNNLError) in try pack(parameters, for: use) }
    }
  }

  private func pack(_ parameters: Span<Float>, for uses: WeightUses) throws(DNNLError) {
    let weights = parameters.extracting(weight.range)
    let start = clock.start()
    switch method {
    case .direct(let convolution, _): try convolution.load(weights: weights, for: uses)
    case .kernels(let convolution): convolution.load(weights: weights, for: uses)
    }
    clock.stop(start, .copies, byteCount: weightByteCount + packedByteCount)
  }

  private var weightByteCount: Int { weight.range.count * MemoryLayout<Float>.size }
  private var packedByteCount: Int { weightMemory.byteCount(.alternating) }

  /// Convolves `input`, and adds Σ y and Σ y² of each output channel to `sums`, `[2, out]`, unless `sums` is empty.
  func forward(_ input: Tensor, into output: Tensor, sums: inout BatchNormalization.Sums) throws(DNNLError) {
    try packOnUse(.forward)
    let start = clock.start()
    switch method {
    case .direct(let convolution, _): try convolution.forward(input, into: output)
    case .kernels(let convolution): convolution.forward(input, into: output, sums: &sums)
    }
    clock.stop(
      start, .forward, multiplyAdds: multiplyAdds, byteCount: input.byteCount + output.byteCount + packedByteCount)
    if case .direct = method, !sums.isEmpty {
      let start = clock.start()
      outputKernels.addChannelSums(of: output, to: &sums)
      clock.stop(start, .normalization, byteCount: output.byteCount)
    }
  }

  func weightGradient(
    input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    var slice = gradient._mutatingExtracting(gradientRange)
    let start = clock.start()
    switch method {
    case .direct(_, let kernels?):
      kernels.compute(input: input, outputGradient: outputGradient, into: &slice)
    case .direct(let convolution, nil):
      try convolution.weightGradient(input: input, outputGradient: outputGradient, into: &slice)
    case .kernels(let convolution):
      convolution.weightGradient(input: input, outputGradient: outputGradient, into: &slice)
    }
    clock.stop(
      start, .weightGradient, multiplyAdds: multiplyAdds,
      byteCount: input.byteCount + outputGradient.byteCount + weightByteCount)
  }

  func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    try packOnUse(.inputGradient)
    let start = clock.start()
    switch method {
    case .direct(let convolution, _):
      try convolution.inputGradient(outputGradient: outputGradient, into: inputGradient)
    case .kernels(let convolution):
      convolution.inputGradient(outputGradient: outputGradient, into: inputGradient)
    }
    clock.stop(
      start, .inputGradient, multiplyAdds: multiplyAdds,
      byteCount: inputGradient.byteCount + outputGradient.byteCount + packedByteCount)
  }
}
