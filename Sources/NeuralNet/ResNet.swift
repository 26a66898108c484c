import OneDNN

/// The architecture of a residual encoder.
public struct ResNetArchitecture: Sendable, Equatable {
  /// The name on the command line.
  public let name: String
  /// The width of each group of blocks; every group but the first halves rows and columns.
  public let widths: [Int]
  /// How many blocks each group has.
  public let blocksPerGroup: Int

  /// The names that ``init(name:)`` knows.
  public static let names = [20, 32, 44, 56, 110].map { depth in "resnet\(depth)" }

  /// The CIFAR ResNet of this name: depth 6n + 2, n blocks in each of three groups (He and others 2015, §4.2), or `nil`.
  public init?(name: String) {
    guard Self.names.contains(name), let depth = Int(name.dropFirst("resnet".count)) else { return nil }
    self.name = name
    widths = [16, 32, 64]
    blocksPerGroup = (depth - 2) / 6
  }

  /// The number of features that the encoder gives for an image.
  public var representationWidth: Int { widths[widths.count - 1] }
}

/// A residual encoder: views → representations.
///
/// `[views, 3, height, width]` float32 → stem (3×3 convolution, BatchNorm, ReLU) → groups of residual blocks → mean over pixels →
/// `[views, representationWidth]` float32.
public final class ResNet {
  /// What a forward pass leaves for the backward pass of the same shard.
  public final class Record {
    /// The input, float32, to be filled before the forward pass.
    public let views: Tensor
    /// The input in the precision of the convolutions, and the copy that fills it where that is not float32.
    fileprivate let input: Tensor
    fileprivate let narrow: Reorder?
    fileprivate let convolved: Tensor
    fileprivate let normalization: BatchNormalization.Record
    fileprivate let stem: Tensor
    fileprivate let blocks: [ResidualBlock.Record]

    fileprivate init(_ encoder: ResNet) throws(DNNLError) {
      let context = encoder.context
      views = try Tensor(context.engine, encoder.inputShape, .float32)
      if context.precision == .float32 {
        input = views
        narrow = nil
      } else {
        input = try context.makeActivation(encoder.inputShape)
        narrow = try Reorder(context.engine, context.execution, from: views, to: input)
      }
      convolved = try context.makeActivation(encoder.stem.outputShape)
      normalization = try encoder.stemNormalization.makeRecord()
      stem = try context.makeActivation(encoder.stem.outputShape)
      var records: [ResidualBlock.Record] = []
      for block in encoder.blocks {
        records.append(try block.makeRecord(context))
      }
      blocks = records
    }
  }

  /// How far BatchNorm's running statistics move in a step.
  public static let statisticsMomentum = BatchNormalizationLayer.momentum

  /// The shape of the views.
  public let inputShape: ActivationShape

  /// The number of features of a view.
  public let representationWidth: Int

  private let context: NetworkContext
  private let stem: ConvolutionLayer
  private let stemNormalization: BatchNormalizationLayer
  private let blocks: [ResidualBlock]
  private let pooling: GlobalAveragePooling
  private let stemGradient: Tensor
  private let outputGradient: Tensor

  /// Registers parameters and statistics under `encoder.` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - architecture: Which encoder.
  ///   - views: How many views a pass takes: all of one shard.
  ///   - height: The rows of a view.
  ///   - width: The columns of a view.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  public init(
    _ context: NetworkContext, _ architecture: ResNetArchitecture, views: Int, height: Int, width: Int
  ) throws(DNNLError) {
    self.context = context
    representationWidth = architecture.representationWidth
    var geometry = Convolution.Geometry(
      input: ActivationShape(batch: views, channels: 3, height: height, width: width, channelBlock: 1),
      outputChannels: architecture.widths[0], kernel: 3, stride: 1, padding: 1, outputChannelBlock: 1)
    let blocksOfChannels = try Convolution.preferredChannelBlocks(context.engine, geometry, context.precision)
    geometry.input.channelBlock = blocksOfChannels.input
    geometry.outputChannelBlock = blocksOfChannels.output
    inputShape = geometry.input

    stem = try ConvolutionLayer(context, "encoder.conv1", geometry, isFirst: true)
    stemNormalization = try BatchNormalizationLayer(context, "encoder.bn1", stem.outputShape, appliesRelu: true)
    var shape = stem.outputShape
    var blocks: [ResidualBlock] = []
    for (group, blockWidth) in architecture.widths.enumerated() {
      for index in 0..<architecture.blocksPerGroup {
        let block = try ResidualBlock(
          context, "encoder.layer\(group + 1).\(index)", input: shape, width: blockWidth,
          stride: group > 0 && index == 0 ? 2 : 1)
        blocks.append(block)
        shape = block.outputShape
      }
    }
    self.blocks = blocks
    pooling = try GlobalAveragePooling(
      context.engine, context.execution, shape, context.precision, isTraining: context.isTraining)
    stemGradient = try context.scratchTensor(stem.outputShape, .inner)
    outputGradient = try context.scratchTensor(shape, .main)
  }

  /// Makes room for what a forward pass leaves: one for each shard whose activations are kept.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses the memory.
  public func makeRecord() throws(DNNLError) -> Record {
    try Record(self)
  }

  /// Takes new parameters, once a step.
  ///
  /// - Throws: `DNNLError` if a copy fails.
  public func load(_ parameters: Span<Float>) throws(DNNLError) {
    try stem.load(parameters)
    stemNormalization.load(parameters)
    for block in blocks {
      try block.load(parameters)
    }
  }

  /// In evaluation, takes the running statistics to normalise with.
  public func load(statistics: Span<Float>, into record: Record) {
    stemNormalization.load(statistics: statistics, into: record.normalization)
    for (block, blockRecord) in zip(blocks, record.blocks) {
      block.load(statistics: statistics, into: blockRecord)
    }
  }

  /// Encodes `record.views` into `[views, representationWidth]`.
  ///
  /// - Throws: `DNNLError` if a primitive fails.
  public func forward(_ record: Record, into representations: inout MutableSpan<Float>) throws(DNNLError) {
    try record.narrow?.execute(from: record.views, to: record.input)
    try stem.forward(record.input, into: record.convolved)
    try stemNormalization.forward(record.convolved, into: record.stem, record.normalization)
    var activation = record.stem
    for (block, blockRecord) in zip(blocks, record.blocks) {
      try block.forward(activation, blockRecord)
      activation = blockRecord.output
    }
    try pooling.forward(activation, into: &representations)
  }

  /// Writes the encoder's gradients to their places in `gradient`, from the gradient of the representations.
  ///
  /// - Throws: `DNNLError` if a primitive fails.
  public func backward(
    _ record: Record, representationGradient: Span<Float>, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    try pooling.backward(outputGradient: representationGradient, into: outputGradient)
    var activationGradient = outputGradient
    for index in blocks.indices.reversed() {
      activationGradient = try blocks[index].backward(
        input: index == 0 ? record.stem : record.blocks[index - 1].output, record.blocks[index],
        outputGradient: activationGradient, into: &gradient)
    }
    try stemNormalization.backward(
      input: record.convolved, outputGradient: activationGradient, record.normalization, into: stemGradient,
      parameterGradient: &gradient)
    try stem.weightGradient(input: record.input, outputGradient: stemGradient, into: &gradient)
  }

  /// Writes the BatchNorm moments of the record's forward pass to their places in a vector of the statistics' layout.
  public func moments(of record: Record, into moments: inout MutableSpan<Float>) {
    stemNormalization.moments(of: record.normalization, into: &moments)
    for (block, blockRecord) in zip(blocks, record.blocks) {
      block.moments(of: blockRecord, into: &moments)
    }
  }
}
