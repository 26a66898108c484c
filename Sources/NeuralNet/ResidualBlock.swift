import OneDNN

/// A residual block: two or three convolutions, to whose output the input is added (He and others 2015, figures 2 and
/// 5).
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
    /// The block's output; `nil` if it is recomputed from the other activations.
    fileprivate let output: Tensor?
    /// True if the convolutions are computed again in the backward pass, because their outputs are in scratch memory.
    fileprivate let isRecomputed: Bool

    /// The size of the activations in bytes, without scratch memory.
    var byteCount: Int {
      let convolved = branch.reduce(shortcut?.byteCount ?? 0) { sum, unit in sum + unit.byteCount }
      return (output?.byteCount ?? 0) + (isRecomputed ? 0 : convolved)
    }

    fileprivate init(
      _ block: ResidualBlock, _ context: NetworkContext, _ kept: KeptActivations, in lending: LendingMemory?
    ) throws(DNNLError) {
      let isRecomputed = context.isTraining && kept == .blockOutputs
      self.isRecomputed = isRecomputed
      func role(inTraining place: Int, inference role: ScratchRole) -> ScratchRole? {
        context.isTraining ? (isRecomputed ? .recomputed(place) : nil) : role
      }
      var allSaved: [ConvolutionUnit.SavedActivations] = []
      for (place, unit) in block.branch.enumerated() {
        allSaved.append(
          try unit.makeSavedActivations(context, sharing: role(inTraining: place, inference: .inner), in: lending))
      }
      branch = allSaved
      if case .projected(let unit) = block.shortcut {
        shortcut = try unit.makeSavedActivations(
          context, sharing: role(inTraining: block.branch.count, inference: .shortcut), in: lending)
      } else {
        shortcut = nil
      }
      output =
        !isRecomputed && block.restoredOutput != nil
        ? nil
        : context.isTraining
          ? try context.makeActivation(block.outputShape, in: lending)
          : try context.scratchTensor(block.outputShape, block.isOdd ? .oddOutput : .evenOutput)
    }
  }

  /// The shortcut from the block's input to the residual addition.
  private enum Shortcut {
    case identity
    case zeroPadded(ZeroPaddedShortcut, output: Tensor, inputGradient: Tensor?)
    case projected(ConvolutionUnit)
  }

  let outputShape: ActivationShape
  /// The block's name in the network, such as `layer1.0`.
  let name: String

  private let context: NetworkContext
  private let branch: [ConvolutionUnit]
  private let shortcut: Shortcut
  private let isOdd: Bool
  /// In training, scratch memory for the output, for every second block beginning with the first, which the next such
  /// block overwrites, and for the second block if its output is lent.
  private let restoredOutput: Tensor?
  /// The input tensors of the main branch's convolutions, except the first.
  private let hidden: [Tensor]
  private let backwardPass: Backward?

  /// Scratch memory of the backward pass; tensors of the same role in other blocks share it (``ScratchRole``).
  private struct Backward {
    /// The gradients of the tensors in ``ResidualBlock/hidden``.
    let hidden: [Tensor]
    /// The gradient of the input of the block's last ReLU.
    let beforeRelu: Tensor
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
  ///   - isLastEarly: True if the output is the first that must not be in lent memory.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  init(
    _ context: NetworkContext, _ plan: ResNetArchitecture.BlockArchitecture, input: ActivationShape,
    zeroInitializesLastScale: Bool, index: Int, isLastEarly: Bool
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
    self.context = context
    if case .projected(let unit) = shortcut {
      context.batchNormExchangeLengths.add(sumsOf: units, unit)
    } else {
      context.batchNormExchangeLengths.add(sumsOf: units, nil)
    }
    let isRestored = context.isTraining && (!isOdd || index == 1 && context.isSecondOutputLent)
    restoredOutput =
      isRestored
      ? try context.scratchTensor(output, isOdd ? .oddOutput : .evenOutput, mayBeLent: !isLastEarly) : nil
    guard context.isTraining else {
      backwardPass = nil
      return
    }
    backwardPass = Backward(
      hidden: try context.scratchTensors(shapes.dropLast(), .main),
      beforeRelu: try context.scratchTensor(output, .shortcut),
      input: try context.scratchTensor(input, .main),
      shortcutInput: try context.scratchTensor(input, .shortcut))
  }

  func makeSavedActivations(
    _ kept: KeptActivations, in lending: LendingMemory?
  ) throws(DNNLError) -> SavedActivations {
    try SavedActivations(self, context, kept, in: lending)
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
    var sums = try branch[0].convolve(input, saved.branch[0])
    for index in hidden.indices {
      branch[index].setStatistics(saved.branch[index], of: context.sumOverGroup(sums))
      branch[index].relu(saved.branch[index], into: hidden[index])
      sums = try branch[index + 1].convolve(hidden[index], saved.branch[index + 1])
    }
    let (last, lastActivations) = (branch[hidden.count], saved.branch[hidden.count])
    if let (unit, shortcutActivations) = projection(saved) {
      let both = context.groupSums(sums, try unit.convolve(input, shortcutActivations))
      last.setStatistics(lastActivations, of: both.first.total)
      unit.setStatistics(shortcutActivations, of: both.second.total)
    } else {
      last.setStatistics(lastActivations, of: context.sumOverGroup(sums))
    }
    computeOutput(input, saved)
  }

  /// Computes the outputs of the convolutions again, unless they are saved, with the statistics of the forward pass.
  private func recompute(_ input: Tensor, _ saved: SavedActivations) throws(DNNLError) {
    guard saved.isRecomputed else { return }
    try branch[0].convolveAgain(input, saved.branch[0])
    for index in hidden.indices {
      branch[index].relu(saved.branch[index], into: hidden[index])
      try branch[index + 1].convolveAgain(hidden[index], saved.branch[index + 1])
    }
    if let (unit, shortcutActivations) = projection(saved) {
      try unit.convolveAgain(input, shortcutActivations)
    }
  }

  /// Returns the 1×1 convolution of the shortcut and its activations; `nil` for other shortcuts.
  private func projection(_ saved: SavedActivations) -> (ConvolutionUnit, ConvolutionUnit.SavedActivations)? {
    guard case .projected(let unit) = shortcut else { return nil }
    guard let activations = saved.shortcut else { preconditionFailure("activations of another block") }
    return (unit, activations)
  }

  /// Returns the block's output; valid after ``forward(_:_:)`` or ``restoreOutput(_:_:)``.
  func output(of saved: SavedActivations) -> Tensor {
    guard let output = saved.output ?? restoredOutput else { preconditionFailure("activations of another block") }
    return output
  }

  /// Returns true if the output is saved.
  func savesOutput(_ saved: SavedActivations) -> Bool { saved.output != nil }

  /// Recomputes the block's output from its input and the saved activations, unless the output itself is saved.
  func restoreOutput(_ input: Tensor, _ saved: SavedActivations) {
    if saved.output == nil {
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
      guard let shortcutActivations = saved.shortcut else { preconditionFailure("activations of another block") }
      last.addRelu(lastActivations, shortcut: shortcutActivations, into: result)
    }
  }

  /// Computes the gradients of the parameters, the last convolution first, and returns the gradient of the input.
  ///
  /// Overwrites the saved activations, so that another forward pass must precede another backward pass.
  /// `outputGradient` may be overwritten, because it is scratch memory of the same role as the result.
  func backward(
    input: Tensor, _ saved: SavedActivations, outputGradient: ReluOutputGradient,
    into gradient: inout MutableSpan<Float>, completed: SegmentHandler
  ) throws(DNNLError) -> ReluOutputGradient {
    guard let scratch = backwardPass else { preconditionFailure("this block was made for inference") }
    try recompute(input, saved)
    let beforeRelu = scratch.beforeRelu
    var masked = beforeRelu
    let lastSums = branch[hidden.count].reluGradient(
      outputGradient, output: output(of: saved), saved.branch[hidden.count], into: masked)
    var (sums, shortcutSums) = groupSums(lastSums, ofShortcut: beforeRelu, saved)
    for index in hidden.indices.reversed() {
      branch[index].relu(saved.branch[index], into: hidden[index])
      try branch[index + 1].backward(
        masked, sums: sums, input: hidden[index], saved.branch[index + 1], into: &gradient, completed: completed,
        inputGradient: scratch.hidden[index])
      masked = scratch.hidden[index]
      sums = context.groupSums(
        branch[index].reluGradient(ReluOutputGradient(first: masked), saved.branch[index], into: masked))
    }
    try branch[0].backward(
      masked, sums: sums, input: input, saved.branch[0], into: &gradient, completed: completed,
      inputGradient: scratch.input)

    switch shortcut {
    case .identity:
      return ReluOutputGradient(first: scratch.input, second: beforeRelu)
    case .zeroPadded(let operation, _, let inputGradient):
      guard let inputGradient else { preconditionFailure("this block was made for inference") }
      operation.backward(outputGradient: beforeRelu, into: inputGradient)
      return ReluOutputGradient(first: scratch.input, second: inputGradient)
    case .projected(let unit):
      guard let shortcutActivations = saved.shortcut, let shortcutSums else {
        preconditionFailure("activations of another block")
      }
      try unit.backward(
        beforeRelu, sums: shortcutSums, input: input, shortcutActivations, into: &gradient, completed: completed,
        inputGradient: scratch.shortcutInput)
      return ReluOutputGradient(first: scratch.input, second: scratch.shortcutInput)
    }
  }

  /// Returns the BatchNorm sums, over the shard and its group, of the gradients in the last unit and, if the shortcut
  /// is a convolution, in the shortcut.
  private func groupSums(
    _ sums: BatchNormalization.Sums, ofShortcut beforeRelu: Tensor, _ saved: SavedActivations
  ) -> (last: GroupSums, shortcut: GroupSums?) {
    guard let (unit, activations) = projection(saved) else { return (context.groupSums(sums), nil) }
    let both = context.groupSums(sums, unit.gradientSums(of: beforeRelu, activations))
    return (both.first, both.second)
  }
}

extension BatchNormExchangeLengths {
  /// Appends the lengths of a block, whose last unit and shortcut are summed in one vector.
  fileprivate mutating func add(sumsOf units: [ConvolutionUnit], _ shortcut: ConvolutionUnit?) {
    for (place, unit) in units.enumerated() {
      let count = unit.sumCount + (place == units.count - 1 ? shortcut?.sumCount ?? 0 : 0)
      add(forward: [count], backward: count)
    }
  }
}
