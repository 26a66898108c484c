import OneDNN

/// Two 3×3 convolutions around which the input is added back (He and others 2015, figure 2).
///
///     input ──► conv1 ──► bn1+relu ──► conv2 ──► bn2 ──► (+) ──► relu ──► output
///       └──────────────────── shortcut ───────────────────┘
final class ResidualBlock {
  /// What a forward pass leaves for the backward pass.
  final class Record {
    let convolved1: Tensor
    let normalization1: BatchNormalization.Record
    let hidden: Tensor
    let convolved2: Tensor
    let normalization2: BatchNormalization.Record
    let output: Tensor

    fileprivate init(_ block: ResidualBlock, _ context: NetworkContext) throws(DNNLError) {
      convolved1 = try context.makeActivation(block.outputShape)
      normalization1 = try block.normalization1.makeRecord()
      hidden = try context.makeActivation(block.outputShape)
      convolved2 = try context.makeActivation(block.outputShape)
      normalization2 = try block.normalization2.makeRecord()
      output = try context.makeActivation(block.outputShape)
    }
  }

  let outputShape: ActivationShape

  private let convolution1: ConvolutionLayer
  private let normalization1: BatchNormalizationLayer
  private let convolution2: ConvolutionLayer
  private let normalization2: BatchNormalizationLayer
  private let additionWithRelu: Addition
  private let normalized: Tensor
  private let shortcut: Shortcut?
  private let backwardPass: Backward?

  /// Present where the shape changes; else the shortcut is the input itself.
  private struct Shortcut {
    let operation: ZeroPaddedShortcut
    let output: Tensor
  }

  private struct Backward {
    let relu: ReluBackward
    let addition: Addition
    let behindRelu: Tensor
    let inner: Tensor
    let hidden: Tensor
    let input: Tensor
    let shortcutInput: Tensor?
  }

  /// Registers parameters and statistics under `name` and compiles the passes.
  init(
    _ context: NetworkContext, _ name: String, input: ActivationShape, width: Int, stride: Int
  ) throws(DNNLError) {
    let geometry = Convolution.Geometry(
      input: input, outputChannels: width, kernel: 3, stride: stride, padding: 1,
      outputChannelBlock: input.channelBlock)
    convolution1 = try ConvolutionLayer(context, "\(name).conv1", geometry)
    let output = convolution1.outputShape
    outputShape = output
    normalization1 = try BatchNormalizationLayer(context, "\(name).bn1", output, appliesRelu: true)
    convolution2 = try ConvolutionLayer(
      context, "\(name).conv2",
      Convolution.Geometry(
        input: output, outputChannels: width, kernel: 3, stride: 1, padding: 1,
        outputChannelBlock: output.channelBlock))
    normalization2 = try BatchNormalizationLayer(context, "\(name).bn2", output, appliesRelu: false)
    additionWithRelu = try Addition(context.engine, context.execution, output, context.precision, appliesRelu: true)
    normalized = try context.scratchTensor(output, .main)

    let changesShape = input != output
    shortcut =
      changesShape
      ? Shortcut(
        operation: ZeroPaddedShortcut(input: input, output: output, stride: stride, context.precision),
        output: try context.makeActivation(output)) : nil
    guard context.isTraining else {
      backwardPass = nil
      return
    }
    backwardPass = Backward(
      relu: try ReluBackward(context.engine, context.execution, output, context.precision),
      addition: try Addition(context.engine, context.execution, input, context.precision, appliesRelu: false),
      behindRelu: try context.scratchTensor(output, .shortcut),
      inner: try context.scratchTensor(output, .inner),
      hidden: try context.scratchTensor(output, .main),
      input: try context.scratchTensor(input, .main),
      shortcutInput: changesShape ? try context.makeActivation(input) : nil)
  }

  func makeRecord(_ context: NetworkContext) throws(DNNLError) -> Record {
    try Record(self, context)
  }

  func load(_ parameters: Span<Float>) throws(DNNLError) {
    try convolution1.load(parameters)
    normalization1.load(parameters)
    try convolution2.load(parameters)
    normalization2.load(parameters)
  }

  func load(statistics: Span<Float>, into record: Record) {
    normalization1.load(statistics: statistics, into: record.normalization1)
    normalization2.load(statistics: statistics, into: record.normalization2)
  }

  /// Computes `record.output`.
  func forward(_ input: Tensor, _ record: Record) throws(DNNLError) {
    try convolution1.forward(input, into: record.convolved1)
    try normalization1.forward(record.convolved1, into: record.hidden, record.normalization1)
    try convolution2.forward(record.hidden, into: record.convolved2)
    try normalization2.forward(record.convolved2, into: normalized, record.normalization2)
    if let shortcut {
      shortcut.operation.forward(input, into: shortcut.output)
    }
    try additionWithRelu.forward(normalized, shortcut?.output ?? input, into: record.output)
  }

  /// Writes the parameters' gradients to their places in `gradient` and returns the gradient of the input.
  ///
  /// `outputGradient` may be overwritten: it is scratch memory of the same role as the result.
  func backward(
    input: Tensor, _ record: Record, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) -> Tensor {
    guard let scratch = backwardPass else { preconditionFailure("this block was made for inference") }
    try scratch.relu.backward(output: record.output, outputGradient: outputGradient, into: scratch.behindRelu)

    try normalization2.backward(
      input: record.convolved2, outputGradient: scratch.behindRelu, record.normalization2, into: scratch.inner,
      parameterGradient: &gradient)
    try convolution2.weightGradient(input: record.hidden, outputGradient: scratch.inner, into: &gradient)
    try convolution2.inputGradient(outputGradient: scratch.inner, into: scratch.hidden)

    try normalization1.backward(
      input: record.convolved1, outputGradient: scratch.hidden, record.normalization1, into: scratch.inner,
      parameterGradient: &gradient)
    try convolution1.weightGradient(input: input, outputGradient: scratch.inner, into: &gradient)
    try convolution1.inputGradient(outputGradient: scratch.inner, into: scratch.input)

    if let shortcut, let shortcutInput = scratch.shortcutInput {
      shortcut.operation.backward(outputGradient: scratch.behindRelu, into: shortcutInput)
      try scratch.addition.forward(scratch.input, shortcutInput, into: scratch.input)
    } else {
      try scratch.addition.forward(scratch.input, scratch.behindRelu, into: scratch.input)
    }
    return scratch.input
  }

  func moments(of record: Record, into moments: inout MutableSpan<Float>) {
    normalization1.moments(of: record.normalization1, into: &moments)
    normalization2.moments(of: record.normalization2, into: &moments)
  }
}
