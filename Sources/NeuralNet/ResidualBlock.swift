import OneDNN

/// A residual block: two or three convolutions, to whose output the input is added (He and others 2015, figures 2 and 5).
///
///     input ──► conv1 ──► bn1 ──► relu ──► conv2 ──► bn2 ──(► relu ──► conv3 ──► bn3)──► (+) ──► relu ──► output
///       └─────────────────────────────────── shortcut ───────────────────────────────────┘
final class ResidualBlock {
  /// The activations of a forward pass that the backward pass needs.
  ///
  /// Values that can be computed from these in one pass over memory are not saved but recomputed.
  final class SavedActivations {
    fileprivate let branch: [ConvolutionUnit.SavedActivations]
    fileprivate let shortcut: ConvolutionUnit.SavedActivations?
    /// The block's output; `nil` if it is recomputed.
    fileprivate let output: Tensor?

    /// The size of the activations in bytes.
    var byteCount: Int {
      branch.reduce((shortcut?.byteCount ?? 0) + (output?.byteCount ?? 0)) { sum, unit in sum + unit.byteCount }
    }

    fileprivate init(_ block: ResidualBlock, _ context: NetworkContext) throws(DNNLError) {
      var allSaved: [ConvolutionUnit.SavedActivations] = []
      for unit in block.branch {
        allSaved.append(try unit.makeSavedActivations(context, .inner))
      }
      branch = allSaved
      if case .projected(let unit) = block.shortcut {
        shortcut = try unit.makeSavedActivations(context, .shortcut)
      } else {
        shortcut = nil
      }
      output =
        block.restoredOutput != nil
        ? nil
        : context.isTraining
          ? try context.makeActivation(block.outputShape)
          : try context.scratchTensor(block.outputShape, block.isOdd ? .oddOutput : .evenOutput)
    }
  }

  /// The path from the block's input to the sum.
  private enum Shortcut {
    case identity
    case zeroPadded(ZeroPaddedShortcut, output: Tensor, inputGradient: Tensor?)
    case projected(ConvolutionUnit)
  }

  let outputShape: ActivationShape
  /// The block's name in the network, such as `layer1.0`.
  let name: String

  private let branch: [ConvolutionUnit]
  private let shortcut: Shortcut
  private let isOdd: Bool
  /// In training, scratch memory for the output, for every second block beginning with the first; the next such block overwrites it.
  private let restoredOutput: Tensor?
  /// The inputs of the branch's convolutions after the first.
  private let hidden: [Tensor]
  private let backwardPass: Backward?

  /// Scratch memory of the backward pass, shared with other blocks of the same shapes.
  private struct Backward {
    /// The gradients of the tensors in `hidden`.
    let hidden: [Tensor]
    /// The gradient of the input of the block's last ReLU.
    let beforeRelu: Tensor
    /// For each convolution of the branch, the gradient between it and its normalization.
    let inner: [Tensor]
    let input: Tensor
    let shortcutInput: Tensor
  }

  /// Registers parameters and statistics under `encoder.` and the block's name and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - plan: The architecture of the block.
  ///   - input: The shape of the input.
  ///   - zeroInitializesLastScale: True to initialize the last normalization's scale to 0.
  ///   - index: The index of the block in the network.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  init(
    _ context: NetworkContext, _ plan: ResNetArchitecture.BlockArchitecture, input: ActivationShape,
    zeroInitializesLastScale: Bool,
    index: Int
  ) throws(DNNLError) {
    precondition(
      input.channels == plan.inputChannels, "\(plan.name): \(plan.inputChannels) channels, but \(input.channels) come")
    isOdd = index % 2 == 1
    name = plan.name
    var (units, shapes): ([ConvolutionUnit], [ActivationShape]) = ([], [])
    for (place, convolution) in plan.branch.enumerated() {
      let names = plan.layerNames(at: place)
      let unit = try ConvolutionUnit(
        context, names.convolution, names.normalization,
        Convolution.Geometry(
          input: shapes.last ?? input, outputChannels: convolution.outputChannels, kernel: convolution.kernel,
          stride: convolution.stride, padding: convolution.kernel / 2, outputChannelBlock: input.channelBlock),
        zeroInitializesLastScale: zeroInitializesLastScale && place == plan.branch.count - 1)
      units.append(unit)
      shapes.append(unit.outputShape)
    }
    branch = units
    let output = shapes[shapes.count - 1]
    outputShape = output
    hidden = try context.scratchTensors(shapes.dropLast(), .hidden)

    switch plan.shortcut {
    case nil: shortcut = .identity
    case .zeroPadded:
      // Memory of its own, because the pixels and channels that are never written must remain zero.
      shortcut = .zeroPadded(
        ZeroPaddedShortcut(input: input, output: output, stride: plan.stride, context.precision),
        output: try context.makeActivation(output),
        inputGradient: context.isTraining ? try context.makeActivation(input) : nil)
    case .projected:
      shortcut = .projected(
        try ConvolutionUnit(
          context, plan.shortcutNames.convolution, plan.shortcutNames.normalization,
          Convolution.Geometry(
            input: input, outputChannels: plan.outputChannels, kernel: 1, stride: plan.stride, padding: 0,
            outputChannelBlock: input.channelBlock)))
    }
    restoredOutput = context.isTraining && !isOdd ? try context.scratchTensor(output, .evenOutput) : nil
    guard context.isTraining else {
      backwardPass = nil
      return
    }
    backwardPass = Backward(
      hidden: try context.scratchTensors(shapes.dropLast(), .main),
      beforeRelu: try context.scratchTensor(output, .shortcut),
      inner: try context.scratchTensors(shapes[...], .inner), input: try context.scratchTensor(input, .main),
      shortcutInput: try context.scratchTensor(input, .shortcut))
  }

  func makeSavedActivations(_ context: NetworkContext) throws(DNNLError) -> SavedActivations {
    try SavedActivations(self, context)
  }

  func load(_ parameters: Span<Float>, _ loading: WeightLoading) throws(DNNLError) {
    for unit in branch {
      try unit.load(parameters, loading)
    }
    if case .projected(let unit) = shortcut {
      try unit.load(parameters, loading)
    }
  }

  func load(statistics: Span<Float>, into saved: SavedActivations) {
    for (unit, unitActivations) in zip(branch, saved.branch) {
      unit.load(statistics: statistics, into: unitActivations)
    }
    if case .projected(let unit) = shortcut, let shortcutActivations = saved.shortcut {
      unit.load(statistics: statistics, into: shortcutActivations)
    }
  }

  func batchStatistics(of saved: SavedActivations, into batchStatistics: inout MutableSpan<Float>) {
    for (unit, unitActivations) in zip(branch, saved.branch) {
      unit.batchStatistics(of: unitActivations, into: &batchStatistics)
    }
    if case .projected(let unit) = shortcut, let shortcutActivations = saved.shortcut {
      unit.batchStatistics(of: shortcutActivations, into: &batchStatistics)
    }
  }

  /// Computes the block's output.
  func forward(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) {
    try branch[0].convolve(input, saved.branch[0])
    for index in hidden.indices {
      branch[index].relu(saved.branch[index], into: hidden[index])
      try branch[index + 1].convolve(hidden[index], saved.branch[index + 1])
    }
    if case .projected(let unit) = shortcut {
      guard let shortcutActivations = saved.shortcut else { preconditionFailure("the saved is another block's") }
      try unit.convolve(input, shortcutActivations)
    }
    computeOutput(input, saved)
  }

  /// Returns the output after a forward pass, or after ``restoreOutput(_:_:)``.
  func output(of saved: SavedActivations) -> Tensor {
    guard let output = restoredOutput ?? saved.output else { preconditionFailure("the saved is another block's") }
    return output
  }

  /// Recomputes the output, if it is not saved, from the input and the saved activations.
  func restoreOutput(_ input: Tensor, _ saved: SavedActivations) {
    if restoredOutput != nil {
      computeOutput(input, saved)
    }
  }

  private func computeOutput(_ input: Tensor, _ saved: SavedActivations) {
    let result = output(of: saved)
    let (last, lastActivations) = (branch[hidden.count], saved.branch[hidden.count])
    switch shortcut {
    case .identity:
      last.addRelu(lastActivations, shortcut: input, into: result)
    case .zeroPadded(let operation, let output, _):
      operation.forward(input, into: output)
      last.addRelu(lastActivations, shortcut: output, into: result)
    case .projected:
      guard let shortcutActivations = saved.shortcut else { preconditionFailure("the saved is another block's") }
      last.addRelu(lastActivations, shortcut: shortcutActivations, into: result)
    }
  }

  /// Computes the gradients of the parameters, the last convolution first, and returns the gradient of the input.
  ///
  /// `outputGradient` may be overwritten, because it is scratch memory of the same role as the result.
  func backward(
    input: Tensor, _ saved: SavedActivations, outputGradient: ReluOutputGradient,
    into gradient: inout MutableSpan<Float>, completed: GradientPartHandler
  ) throws(DNNLError) -> ReluOutputGradient {
    guard let scratch = backwardPass else { preconditionFailure("this block was made for inference") }
    let beforeRelu = scratch.beforeRelu
    var masked = beforeRelu
    var sums = branch[hidden.count].reluGradient(
      outputGradient, output: output(of: saved), saved.branch[hidden.count], into: masked)
    for index in hidden.indices.reversed() {
      branch[index].relu(saved.branch[index], into: hidden[index])
      try branch[index + 1].backward(
        masked, sums: sums, input: hidden[index], saved.branch[index + 1], inner: scratch.inner[index + 1],
        into: &gradient, completed: completed, inputGradient: scratch.hidden[index])
      masked = scratch.hidden[index]
      sums = branch[index].reluGradient(ReluOutputGradient(first: masked), saved.branch[index], into: masked)
    }
    try branch[0].backward(
      masked, sums: sums, input: input, saved.branch[0], inner: scratch.inner[0], into: &gradient,
      completed: completed, inputGradient: scratch.input)

    switch shortcut {
    case .identity:
      return ReluOutputGradient(first: scratch.input, second: beforeRelu)
    case .zeroPadded(let operation, _, let inputGradient):
      guard let inputGradient else { preconditionFailure("this block was made for inference") }
      operation.backward(outputGradient: beforeRelu, into: inputGradient)
      return ReluOutputGradient(first: scratch.input, second: inputGradient)
    case .projected(let unit):
      guard let shortcutActivations = saved.shortcut else { preconditionFailure("the saved is another block's") }
      try unit.backward(
        beforeRelu, sums: unit.gradientSums(of: beforeRelu, shortcutActivations), input: input, shortcutActivations,
        inner: scratch.inner[hidden.count], into: &gradient, completed: completed,
        inputGradient: scratch.shortcutInput)
      return ReluOutputGradient(first: scratch.input, second: scratch.shortcutInput)
    }
  }
}
