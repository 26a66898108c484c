import OneDNN

extension ResNetArchitecture.Stem {
  /// The names of the stem's convolution and normalization.
  static var layerNames: (convolution: String, normalization: String) { ("encoder.conv1", "encoder.bn1") }

  /// The height and width of the pooling window of the `imagenet` stem.
  static let poolingKernel = 3
  static let poolingStride = 2

  /// The height and width of the convolution's filters.
  var kernel: Int {
    switch self {
    case .cifar: 3
    case .imagenet: 7
    }
  }

  var stride: Int {
    switch self {
    case .cifar: 1
    case .imagenet: 2
    }
  }
}

/// The layers before the residual blocks.
///
///     views ──► conv1 ──► bn1 ──► relu ──► (max pooling) ──► output
///
/// All values after the convolution are recomputed for the backward pass, which takes one or two passes over memory.
final class ResNetStem {
  let inputShape: ActivationShape
  let outputShape: ActivationShape

  private let context: NetworkContext
  private let unit: ConvolutionUnit
  private let relu: Tensor
  private let pooling: Pooling?
  private let backwardPass: Backward?

  private struct Pooling {
    let operation: MaxPooling
    let output: Tensor
  }

  private struct Backward {
    let masked: Tensor
    /// The elementwise operation that adds two gradients of the stem's output, needed if pooling follows.
    let sum: FeatureMapKernels
  }

  /// Registers parameters and statistics as `encoder.conv1` and `encoder.bn1` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - kind: The kind of stem.
  ///   - channels: The number of output channels.
  ///   - views: The number of views in a pass.
  ///   - height: The height of a view in pixels.
  ///   - width: The width of a view in pixels.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  init(
    _ context: NetworkContext, _ kind: ResNetArchitecture.Stem, channels: Int, views: Int, height: Int, width: Int
  ) throws(DNNLError) {
    var geometry = Convolution.Geometry(
      input: ActivationShape(batch: views, channels: 3, height: height, width: width, channelBlock: 1),
      outputChannels: channels, kernel: kind.kernel, stride: kind.stride, padding: kind.kernel / 2,
      outputChannelBlock: 1)
    let preferred = try Convolution.preferredChannelBlocks(context.engine, geometry, context.precision)
    geometry.input.channelBlock = preferred.input
    geometry.outputChannelBlock =
      ConvolutionKernels.areUsed(for: context.precision) ? FeatureMapKernels.preferredChannelBlock : preferred.output
    inputShape = geometry.input
    let names = ResNetArchitecture.Stem.layerNames
    unit = try ConvolutionUnit(context, names.convolution, names.normalization, geometry, isFirst: true)
    self.context = context
    context.batchNormExchangeLengths.add(forward: [unit.sumCount], backward: unit.sumCount)
    relu = try context.scratchTensor(unit.outputShape, .stem)
    switch kind {
    case .cifar:
      pooling = nil
      outputShape = unit.outputShape
    case .imagenet:
      let operation = try MaxPooling(
        context.engine, context.execution, unit.outputShape, context.precision,
        kernel: ResNetArchitecture.Stem.poolingKernel,
        stride: ResNetArchitecture.Stem.poolingStride, padding: ResNetArchitecture.Stem.poolingKernel / 2,
        isTraining: context.isTraining)
      outputShape = operation.outputShape
      pooling = Pooling(operation: operation, output: try context.scratchTensor(operation.outputShape, .pooled))
    }
    backwardPass =
      context.isTraining
      ? Backward(
        // With pooling, the gradient before it and the gradient after it (in the memory of role `main`) exist at the
        // same time.
        masked: try context.scratchTensor(unit.outputShape, pooling == nil ? .main : .hidden),
        sum: FeatureMapKernels(outputShape, context.precision)) : nil
  }

  func makeSavedActivations(_ context: NetworkContext) throws(DNNLError) -> ConvolutionUnit.SavedActivations {
    try unit.makeSavedActivations(context, sharing: context.isTraining ? nil : .inner)
  }

  func load(_ parameters: Span<Float>, _ loading: WeightLoading) throws(DNNLError) {
    try unit.load(parameters, loading)
  }

  func load(statistics: Span<Float>, into saved: ConvolutionUnit.SavedActivations) {
    unit.load(statistics: statistics, into: saved)
  }

  func batchStatistics(of saved: ConvolutionUnit.SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    unit.batchStatistics(of: saved, into: &batchStatistics)
  }

  /// Computes the stem's output, which is the first block's input.
  func forward(_ input: Tensor, _ saved: ConvolutionUnit.SavedActivations) throws(DNNLError) -> Tensor {
    let sums = try unit.convolve(input, saved)
    unit.setStatistics(saved, of: context.sumOverGroup(sums))
    return try output(of: saved)
  }

  /// Recomputes the stem's output from the saved output of the convolution.
  func output(of saved: ConvolutionUnit.SavedActivations) throws(DNNLError) -> Tensor {
    unit.relu(saved, into: relu)
    guard let pooling else { return relu }
    try pooling.operation.forward(relu, into: pooling.output)
    return pooling.output
  }

  /// Computes the gradients of the parameters; ``output(of:)`` must have been called last with the same saved
  /// activations.
  ///
  /// `outputGradient` may be overwritten.
  func backward(
    _ input: Tensor, _ saved: ConvolutionUnit.SavedActivations, outputGradient: ReluOutputGradient,
    into gradient: inout MutableSpan<Float>, completed: SegmentHandler
  ) throws(DNNLError) {
    guard let scratch = backwardPass else { preconditionFailure("this stem was made for inference") }
    var reluGradient = outputGradient
    if let pooling {
      if let second = outputGradient.second {
        scratch.sum.add(second, to: outputGradient.first)
      }
      try pooling.operation.backward(outputGradient: outputGradient.first, into: scratch.masked)
      reluGradient = ReluOutputGradient(first: scratch.masked)
    }
    let sums = unit.reluGradient(reluGradient, saved, into: scratch.masked)
    try unit.backward(
      scratch.masked, sums: context.groupSums(sums), input: input, saved, into: &gradient,
      completed: completed, inputGradient: nil)
  }
}
