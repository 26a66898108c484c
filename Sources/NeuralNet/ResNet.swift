import OneDNN

/// The activations of a forward pass that are kept for the backward pass.
public enum KeptActivations: Sendable {
  /// All activations that the backward pass needs.
  case all
  /// Only the outputs of the blocks (activation checkpointing): the backward pass computes each block again, with the
  /// BatchNorm statistics of the forward pass.
  case blockOutputs
}

/// A residual encoder: views → representations.
///
/// `[views, 3, height, width]` → stem → groups of residual blocks → mean over pixels → `[views, representationWidth]`,
/// float32 at both ends.
public final class ResNet {
  /// The activations of the forward pass over one shard (part of the global batch), saved for the backward pass.
  public final class SavedActivations {
    /// The views, converted to the data type of the convolutions.
    fileprivate let input: Tensor
    fileprivate let stem: ConvolutionUnit.SavedActivations
    fileprivate let blocks: [ResidualBlock.SavedActivations]
    /// The memory of the last blocks' activations, which is lent while the others are computed.
    fileprivate let lending: LendingMemory?

    /// The size of the saved activations in bytes; memory for recomputed activations belongs to the encoder.
    public let byteCount: Int

    fileprivate init(_ encoder: ResNet, _ kept: KeptActivations) throws(DNNLError) {
      let context = encoder.context
      input = try context.makeActivation(encoder.inputShape)
      stem = try encoder.stem.makeSavedActivations(context)
      var allSaved: [ResidualBlock.SavedActivations] = []
      let lending = context.makeLendingMemory()
      for (index, block) in encoder.blocks.enumerated() {
        allSaved.append(
          try block.makeSavedActivations(kept, in: index < encoder.earlyBlockCount ? nil : lending))
      }
      blocks = allSaved
      self.lending = lending
      let first = input.byteCount + stem.byteCount + (lending?.unusedByteCount ?? 0)
      byteCount = blocks.reduce(first) { sum, block in sum + block.byteCount }
    }
  }

  /// The fraction by which BatchNorm's running statistics move in one step.
  public static let statisticsMomentum = BatchNormalizationLayer.momentum

  /// The shape of the views.
  public let inputShape: ActivationShape

  /// The width of a representation: the number of features that the encoder outputs for each view.
  public let representationWidth: Int

  /// The index of the first parameter of each segment, that is, of each convolution with its BatchNorm, ascending.
  ///
  /// The backward pass completes the gradients of the segments one after the other, beginning with the last.
  public let segmentStarts: [Int]

  /// The input of the encoder, float32, which the caller fills before each forward pass.
  public let views: Tensor

  private let context: NetworkContext
  private let viewClock: LayerClock
  private let poolingClock: LayerClock
  private let viewReorder: Reorder
  private let stem: ResNetStem
  private let blocks: [ResidualBlock]
  /// The number of blocks, from the first on, whose scratch memory is lent by the activations of the others.
  private let earlyBlockCount: Int
  private let pooling: GlobalAveragePooling
  /// The gradient of the last feature maps, with which the backward pass begins; `nil` in evaluation.
  private let outputGradient: Tensor?

  /// Registers parameters and statistics under `encoder.` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - architecture: The architecture of the encoder.
  ///   - views: The number of views in a pass, which are those of one shard.
  ///   - height: The height of a view in pixels.
  ///   - width: The width of a view in pixels.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  public init(
    _ context: NetworkContext, _ architecture: ResNetArchitecture, views: Int, height: Int, width: Int
  ) throws(DNNLError) {
    self.context = context
    representationWidth = architecture.representationWidth
    viewClock = LayerClock(context, "views", shapes: "3, \(height)×\(width)")
    let firstSegment = context.segmentStarts.count
    let plan = ScratchPlan(architecture, views: views, height: height, width: width, context.precision)
    earlyBlockCount = context.isTraining ? plan.earlyBlockCount : 0
    if context.isTraining {
      context.begin(plan)
    }
    context.isLent = earlyBlockCount > 0
    stem = try ResNetStem(
      context, architecture.stem, channels: architecture.widths[0], views: views, height: height, width: width)
    inputShape = stem.inputShape
    var shape = stem.outputShape
    var blocks: [ResidualBlock] = []
    for blockArchitecture in architecture.blocks {
      context.isLent = blocks.count < earlyBlockCount
      let block = try ResidualBlock(
        context, blockArchitecture, input: shape, zeroInitializesLastScale: architecture.zeroInitializesLastScale,
        index: blocks.count, isLastEarly: blocks.count == earlyBlockCount - 1)
      blocks.append(block)
      shape = block.outputShape
    }
    self.blocks = blocks
    context.isLent = false
    segmentStarts = Array(context.segmentStarts[firstSegment...])
    poolingClock = LayerClock(
      context, "mean over pixels", shapes: "\(shape.channels), \(shape.height)×\(shape.width)")
    pooling = try GlobalAveragePooling(
      context.engine, context.execution, shape, context.precision, isTraining: context.isTraining)
    outputGradient = context.isTraining ? try context.scratchTensor(shape, .main) : nil
    self.views = try Tensor(context.engine, inputShape, .float32)
    viewReorder = try Reorder(
      context.engine, context.execution, from: self.views, to: context.makeActivation(inputShape))
  }

  /// Allocates the activations of a forward pass; needed once for each shard whose activations are saved.
  ///
  /// With ``KeptActivations/blockOutputs``, they can be used by this encoder only; otherwise also by the same encoder
  /// of another thread.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses the memory.
  public func makeSavedActivations(_ kept: KeptActivations = .all) throws(DNNLError) -> SavedActivations {
    try SavedActivations(self, kept)
  }

  /// Loads new parameters.
  ///
  /// - Parameters:
  ///   - parameters: The parameter vector.
  ///   - loading: The passes that will read the parameters, and the way in which threads share the work.
  /// - Throws: `DNNLError` if a copy fails.
  public func load(_ parameters: Span<Float>, _ loading: WeightLoading = WeightLoading()) throws(DNNLError) {
    try stem.load(parameters, loading)
    for block in blocks {
      try block.load(parameters, loading)
    }
  }

  /// Stores in `saved` the running statistics with which evaluation normalizes.
  public func load(statistics: Span<Float>, into saved: SavedActivations) {
    stem.load(statistics: statistics, into: saved.stem)
    for (block, blockActivations) in zip(blocks, saved.blocks) {
      block.load(statistics: statistics, into: blockActivations)
    }
  }

  /// Computes the representations of ``views``, `[views, representationWidth]`.
  ///
  /// - Parameters:
  ///   - saved: Receives the activations for the backward pass.
  ///   - representations: Receives the mean over pixels of the last layer's output.
  ///   - inspect: Called with the name and the output of each layer.
  /// - Throws: `DNNLError` if a primitive fails.
  public func forward(
    _ saved: SavedActivations, into representations: inout MutableSpan<Float>,
    inspect: (_ layer: String, _ activation: Tensor) -> Void = { _, _ in }
  ) throws(DNNLError) {
    context.borrow(saved.lending)
    inspect("views", views)
    let start = viewClock.start()
    try viewReorder.execute(from: views, to: saved.input)
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

  /// Computes the gradients of the encoder's parameters from the gradient of the representations.
  ///
  /// Gradients overwrite the saved activations: another backward pass needs another forward pass before it.
  ///
  /// - Parameters:
  ///   - saved: The activations of the forward pass.
  ///   - representationGradient: The gradient of the representations, `[views, representationWidth]`.
  ///   - gradient: Receives the gradients of all parameters, or of one segment after the other.
  ///   - completed: Called for each convolution with its normalization when their gradients are complete; the next
  ///     segment may overwrite them.
  /// - Throws: `DNNLError` if a primitive fails.
  public func backward(
    _ saved: SavedActivations, representationGradient: Span<Float>, into gradient: inout MutableSpan<Float>,
    completed: SegmentHandler = { _, _ in }
  ) throws(DNNLError) {
    guard let outputGradient else { preconditionFailure("this encoder was made for inference") }
    let start = poolingClock.start()
    try pooling.backward(outputGradient: representationGradient, into: outputGradient)
    poolingClock.stop(start, .copies, byteCount: outputGradient.byteCount)
    context.borrow(saved.lending)
    var stemOutput: Tensor?
    var activationGradient = ReluOutputGradient(first: outputGradient)
    func input(_ index: Int) throws(DNNLError) -> Tensor {
      guard index == 0 else { return blocks[index - 1].output(of: saved.blocks[index - 1]) }
      // Restored when it is needed: its memory may be lent by the last blocks.
      let output = if let stemOutput { stemOutput } else { try stem.output(of: saved.stem) }
      stemOutput = output
      return output
    }
    var isSecondRestored = false
    func restore(_ index: Int) throws(DNNLError) {
      guard !blocks[index].savesOutput(saved.blocks[index]), index != 1 || !isSecondRestored else { return }
      if index == 1 || index == 2 {
        try restore(index - 1)
      }
      blocks[index].restoreOutput(try input(index), saved.blocks[index])
      isSecondRestored = isSecondRestored || index == 1
    }
    // At most every second block's output is saved; the others are restored before the following block reads them.
    try restore(blocks.count - 1)
    for index in blocks.indices.reversed() {
      if index > 0 {
        try restore(index - 1)
      }
      activationGradient = try blocks[index].backward(
        input: try input(index), saved.blocks[index], outputGradient: activationGradient, into: &gradient,
        completed: completed)
    }
    try stem.backward(
      saved.input, saved.stem, outputGradient: activationGradient, into: &gradient, completed: completed)
  }

  /// Writes the batch statistics of a forward pass into the vector of the batch statistics of all layers.
  public func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    stem.batchStatistics(of: saved.stem, into: &batchStatistics)
    for (block, blockActivations) in zip(blocks, saved.blocks) {
      block.batchStatistics(of: blockActivations, into: &batchStatistics)
    }
  }
}
