import OneDNN

/// Two 3×3 convolutions around which the input is added back (He and others 2015, figure 2).
///
///     input ──► conv1 ──► bn1 ──► relu ──► conv2 ──► bn2 ──► (+) ──► relu ──► output
///       └────────────────────────── shortcut ─────────────────┘
final class ResidualBlock {
  /// What a forward pass leaves for the backward pass.
  ///
  /// What follows from it in one pass over memory is computed again instead.
  final class Record {
    fileprivate let first: ConvolutionUnit.Record
    fileprivate let second: ConvolutionUnit.Record
    fileprivate let shortcut: ConvolutionUnit.Record?
    let output: Tensor

    /// How much memory the activations take.
    var byteCount: Int {
      first.byteCount + second.byteCount + (shortcut?.byteCount ?? 0) + output.byteCount
    }

    fileprivate init(_ block: ResidualBlock, _ context: NetworkContext) throws(DNNLError) {
      first = try block.first.makeRecord(context, .inner)
      second = try block.second.makeRecord(context, .inner)
      if case .projected(let unit) = block.shortcut {
        shortcut = try unit.makeRecord(context, .shortcut)
      } else {
        shortcut = nil
      }
      output =
        context.isTraining
        ? try context.makeActivation(block.outputShape)
        : try context.scratchTensor(block.outputShape, block.isOdd ? .oddOutput : .evenOutput)
    }
  }

  /// How the input reaches the sum.
  private enum Shortcut {
    case identity
    case zeroPadded(ZeroPaddedShortcut, output: Tensor, inputGradient: Tensor?)
    case projected(ConvolutionUnit)
  }

  let outputShape: ActivationShape

  private let first: ConvolutionUnit
  private let second: ConvolutionUnit
  private let shortcut: Shortcut
  private let isOdd: Bool
  private let hidden: Tensor
  private let backwardPass: Backward?

  /// Scratch memory, shared with other blocks of the same shapes.
  private struct Backward {
    /// The gradient of `hidden`, and what comes in as the gradient of the output.
    let main: Tensor
    /// The gradient behind the last ReLU.
    let behindRelu: Tensor
    let inner: Tensor
    let input: Tensor
    let shortcutInput: Tensor
  }

  /// Registers parameters and statistics under `name` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - name: The parameters' prefix.
  ///   - input: The shape of the input.
  ///   - width: The number of channels of the output.
  ///   - stride: By how much rows and columns shrink.
  ///   - kind: What joins input and output where their shapes differ.
  ///   - index: The block's place in the network.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  init(
    _ context: NetworkContext, _ name: String, input: ActivationShape, width: Int, stride: Int,
    shortcut kind: ResNetArchitecture.Shortcut, index: Int
  ) throws(DNNLError) {
    isOdd = index % 2 == 1
    first = try ConvolutionUnit(
      context, "\(name).conv1", "\(name).bn1",
      Convolution.Geometry(
        input: input, outputChannels: width, kernel: 3, stride: stride, padding: 1,
        outputChannelBlock: input.channelBlock))
    let output = first.outputShape
    outputShape = output
    second = try ConvolutionUnit(
      context, "\(name).conv2", "\(name).bn2",
      Convolution.Geometry(
        input: output, outputChannels: width, kernel: 3, stride: 1, padding: 1,
        outputChannelBlock: output.channelBlock))
    hidden = try context.scratchTensor(output, .hidden)

    if input == output {
      shortcut = .identity
    } else {
      switch kind {
      case .zeroPadded:
        // Its own memory: pixels and channels that are not copied stay zero.
        shortcut = .zeroPadded(
          ZeroPaddedShortcut(input: input, output: output, stride: stride, context.precision),
          output: try context.makeActivation(output),
          inputGradient: context.isTraining ? try context.makeActivation(input) : nil)
      case .projected:
        shortcut = .projected(
          try ConvolutionUnit(
            context, "\(name).shortcut.0", "\(name).shortcut.1",
            Convolution.Geometry(
              input: input, outputChannels: width, kernel: 1, stride: stride, padding: 0,
              outputChannelBlock: input.channelBlock)))
      }
    }
    guard context.isTraining else {
      backwardPass = nil
      return
    }
    backwardPass = Backward(
      main: try context.scratchTensor(output, .main), behindRelu: try context.scratchTensor(output, .shortcut),
      inner: try context.scratchTensor(output, .inner), input: try context.scratchTensor(input, .main),
      shortcutInput: try context.scratchTensor(input, .shortcut))
  }

  func makeRecord(_ context: NetworkContext) throws(DNNLError) -> Record {
    try Record(self, context)
  }

  func load(_ parameters: Span<Float>) throws(DNNLError) {
    try first.load(parameters)
    try second.load(parameters)
    if case .projected(let unit) = shortcut {
      try unit.load(parameters)
    }
  }

  func load(statistics: Span<Float>, into record: Record) {
    first.load(statistics: statistics, into: record.first)
    second.load(statistics: statistics, into: record.second)
    if case .projected(let unit) = shortcut, let shortcutRecord = record.shortcut {
      unit.load(statistics: statistics, into: shortcutRecord)
    }
  }

  func moments(of record: Record, into moments: inout MutableSpan<Float>) {
    first.moments(of: record.first, into: &moments)
    second.moments(of: record.second, into: &moments)
    if case .projected(let unit) = shortcut, let shortcutRecord = record.shortcut {
      unit.moments(of: shortcutRecord, into: &moments)
    }
  }

  /// Computes `record.output`.
  func forward(_ input: Tensor, _ record: Record) throws(DNNLError) {
    try first.convolve(input, record.first)
    first.relu(record.first, into: hidden)
    try second.convolve(hidden, record.second)
    switch shortcut {
    case .identity:
      second.addRelu(record.second, shortcut: input, into: record.output)
    case .zeroPadded(let operation, let output, _):
      operation.forward(input, into: output)
      second.addRelu(record.second, shortcut: output, into: record.output)
    case .projected(let unit):
      guard let shortcutRecord = record.shortcut else { preconditionFailure("the record is another block's") }
      try unit.convolve(input, shortcutRecord)
      second.addRelu(record.second, shortcut: shortcutRecord, into: record.output)
    }
  }

  /// Writes the parameters' gradients to their places in `gradient` and returns the gradient of the input.
  ///
  /// `outputGradient` may be overwritten: it is scratch memory of the same roles as the result.
  func backward(
    input: Tensor, _ record: Record, outputGradient: ReluOutputGradient, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) -> ReluOutputGradient {
    guard let scratch = backwardPass else { preconditionFailure("this block was made for inference") }
    let behindRelu = scratch.behindRelu
    let sums = second.reluGradient(outputGradient, output: record.output, record.second, into: behindRelu)

    first.relu(record.first, into: hidden)
    try second.backward(
      behindRelu, sums: sums, input: hidden, record.second, inner: scratch.inner, into: &gradient,
      inputGradient: scratch.main)

    let hiddenSums = first.reluGradient(ReluOutputGradient(first: scratch.main), record.first, into: scratch.main)
    try first.backward(
      scratch.main, sums: hiddenSums, input: input, record.first, inner: scratch.inner, into: &gradient,
      inputGradient: scratch.input)

    switch shortcut {
    case .identity:
      return ReluOutputGradient(first: scratch.input, second: behindRelu)
    case .zeroPadded(let operation, _, let inputGradient):
      guard let inputGradient else { preconditionFailure("this block was made for inference") }
      operation.backward(outputGradient: behindRelu, into: inputGradient)
      return ReluOutputGradient(first: scratch.input, second: inputGradient)
    case .projected(let unit):
      guard let shortcutRecord = record.shortcut else { preconditionFailure("the record is another block's") }
      try unit.backward(
        behindRelu, sums: unit.gradientSums(of: behindRelu, shortcutRecord), input: input, shortcutRecord,
        inner: scratch.inner, into: &gradient, inputGradient: scratch.shortcutInput)
      return ReluOutputGradient(first: scratch.input, second: scratch.shortcutInput)
    }
  }
}
