import OneDNN

/// The activations of a forward pass that are kept for the backward pass.
public enum KeptActivations: Sendable {
  /// All that the backward pass needs.
  case all
  /// The outputs of the blocks: the backward pass computes each block again, with the BatchNorm statistics of the forward pass.
  case blockOutputs
}

/// A residual encoder: views → representations.
///
/// `[views, 3, height, width]` float32 → stem → groups of residual blocks → mean over pixels → `[views, representationWidth]` float32.
public final class ResNet {
  /// The activations of a shard's forward pass that its backward pass needs.
  public final class SavedActivations {
    /// The views in the precision of the convolutions.
    fileprivate let input: Tensor
    fileprivate let stem: ConvolutionUnit.SavedActivations
    fileprivate let blocks: [ResidualBlock.SavedActivations]

    /// The size in bytes, without the memory of the encoder in which blocks are computed again.
    public let byteCount: Int

    fileprivate init(_ encoder: ResNet, _ kept: KeptActivations) throws(DNNLError) {
      let context = encoder.context
      input = try context.makeActivation(encoder.inputShape)
      stem = try encoder.stem.makeSavedActivations(context)
      var allSaved: [ResidualBlock.SavedActivations] = []
      for block in encoder.blocks {
        allSaved.append(try block.makeSavedActivations(kept))
      }
      blocks = allSaved
      byteCount = blocks.reduce(input.byteCount + stem.byteCount) { sum, block in sum + block.byteCount }
    }
  }

  /// The share by which BatchNorm's running statistics move in a step.
  public static let statisticsMomentum = BatchNormalizationLayer.momentum

  /// The shape of the views.
  public let inputShape: ActivationShape

  /// The width of a representation: the number of features that the encoder outputs for each view.
  public let representationWidth: Int

  /// The first parameter of each convolution and its normalization, ascending.
  ///
  /// A backward pass completes the gradients of these parts one after the other, from the last block to the first.
  public let parameterBounds: [Int]

  /// The input, float32, to be filled before each forward pass.
  public let views: Tensor

  private let context: NetworkContext
  private let viewClock: LayerClock
  private let poolingClock: LayerClock
  private let takeViews: Reorder
  private let stem: ResNetStem
  private let blocks: [ResidualBlock]
  private let pooling: GlobalAveragePooling
  /// The gradient with which the backward pass begins; `nil` in evaluation.
  private let outputGradient: Tensor?

  /// Registers parameters and statistics under `encoder.` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - architecture: The encoder.
  ///   - views: The number of views of a pass: all of one shard.
  ///   - height: The rows of a view.
  ///   - width: The columns of a view.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  public init(
    _ context: NetworkContext, _ architecture: ResNetArchitecture, views: Int, height: Int, width: Int
  ) throws(DNNLError) {
    self.context = context
    representationWidth = architecture.representationWidth
    viewClock = LayerClock(context, "views", shapes: "3, \(height)×\(width)")
    let firstPart = context.gradientParts.count
    stem = try ResNetStem(
      context, architecture.stem, channels: architecture.widths[0], views: views, height: height, width: width)
    inputShape = stem.inputShape
    var shape = stem.outputShape
    var blocks: [ResidualBlock] = []
    for plan in architecture.blocks {
      let block = try ResidualBlock(
        context, plan, input: shape, zeroInitializesLastScale: architecture.zeroInitializesLastScale,
        index: blocks.count)
      blocks.append(block)
      shape = block.outputShape
    }
    self.blocks = blocks
    parameterBounds = Array(context.gradientParts[firstPart...])
    poolingClock = LayerClock(
      context, "mean over pixels", shapes: "\(shape.channels), \(shape.height)×\(shape.width)")
    pooling = try GlobalAveragePooling(
      context.engine, context.execution, shape, context.precision, isTraining: context.isTraining)
    outputGradient = context.isTraining ? try context.scratchTensor(shape, .main) : nil
    self.views = try Tensor(context.engine, inputShape, .float32)
    takeViews = try Reorder(
      context.engine, context.execution, from: self.views, to: context.makeActivation(inputShape))
  }

  /// Allocates the activations of a forward pass: one for each shard whose activations are kept.
  ///
  /// Those of ``KeptActivations/blockOutputs`` are used by this encoder alone, others also by the same encoder of another thread.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses the memory.
  public func makeSavedActivations(_ kept: KeptActivations = .all) throws(DNNLError) -> SavedActivations {
    try SavedActivations(self, kept)
  }

  /// Takes new parameters.
  ///
  /// - Parameters:
  ///   - parameters: The parameters.
  ///   - loading: The passes that will read them, and the sharing of the work with other threads.
  /// - Throws: `DNNLError` if a copy fails.
  public func load(_ parameters: Span<Float>, _ loading: WeightLoading = WeightLoading()) throws(DNNLError) {
    try stem.load(parameters, loading)
    for block in blocks {
      try block.load(parameters, loading)
    }
  }

  /// In evaluation, takes the running statistics to normalize with.
  public func load(statistics: Span<Float>, into saved: SavedActivations) {
    stem.load(statistics: statistics, into: saved.stem)
    for (block, blockActivations) in zip(blocks, saved.blocks) {
      block.load(statistics: statistics, into: blockActivations)
    }
  }

  /// Encodes ``views`` into `[views, representationWidth]`.
  ///
  /// - Parameters:
  ///   - saved: Receives the activations that the backward pass needs.
  ///   - representations: Receives the mean of the last activations over pixels.
  ///   - inspect: Called with the output of each layer and the layer's name.
  /// - Throws: `DNNLError` if a primitive fails.
  public func forward(
    _ saved: SavedActivations, into representations: inout MutableSpan<Float>,
    inspect: (_ layer: String, _ activation: Tensor) -> Void = { _, _ in }
  ) throws(DNNLError) {
    inspect("views", views)
    let start = viewClock.start()
    try takeViews.execute(from: views, to: saved.input)
    viewClock.stop(start, .copies, byteCount: views.byteCount + saved.input.byteCount)
    var activation = try stem.forward(saved.input, saved.stem)
    inspect("encoder.conv1", activation)
    for (block, blockActivations) in zip(blocks, saved.blocks) {
      try block.forward(activation, blockActivations)
      activation = block.output(of: blockActivations)
      inspect("encoder.\(block.name)", activation)
    }
    let poolingStart = poolingClock.start()
    try pooling.forward(activation, into: &representations)
    poolingClock.stop(poolingStart, .copies, byteCount: activation.byteCount)
  }

  /// Writes the encoder's gradients to their places in `gradient`, from the gradient of the representations.
  ///
  /// - Parameters:
  ///   - saved: The activations of the forward pass.
  ///   - representationGradient: `[views, representationWidth]`.
  ///   - gradient: Receives the gradients of the encoder's parameters, or of one part after the other.
  ///   - completed: Called for each convolution and its normalization when their gradients are complete; the next part may overwrite them.
  /// - Throws: `DNNLError` if a primitive fails.
  public func backward(
    _ saved: SavedActivations, representationGradient: Span<Float>, into gradient: inout MutableSpan<Float>,
    completed: GradientPartHandler = { _, _ in }
  ) throws(DNNLError) {
    guard let outputGradient else { preconditionFailure("this encoder was made for inference") }
    let start = poolingClock.start()
    try pooling.backward(outputGradient: representationGradient, into: outputGradient)
    poolingClock.stop(start, .copies, byteCount: outputGradient.byteCount)
    let stemOutput = try stem.output(of: saved.stem)
    var activationGradient = ReluOutputGradient(first: outputGradient)
    func input(_ index: Int) -> Tensor {
      index == 0 ? stemOutput : blocks[index - 1].output(of: saved.blocks[index - 1])
    }
    func restore(_ index: Int) {
      blocks[index].restoreOutput(input(index), saved.blocks[index])
    }
    // Of neighboring blocks one's output is kept; the other's is restored before the block that follows reads it.
    restore(blocks.count - 1)
    for index in blocks.indices.reversed() {
      if index > 0 {
        restore(index - 1)
      }
      activationGradient = try blocks[index].backward(
        input: input(index), saved.blocks[index], outputGradient: activationGradient, into: &gradient,
        completed: completed)
    }
    try stem.backward(
      saved.input, saved.stem, outputGradient: activationGradient, into: &gradient, completed: completed)
  }

  /// Writes the batch statistics of a forward pass to their places in a vector of the statistics' layout.
  public func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    stem.batchStatistics(of: saved.stem, into: &batchStatistics)
    for (block, blockActivations) in zip(blocks, saved.blocks) {
      block.batchStatistics(of: blockActivations, into: &batchStatistics)
    }
  }
}
