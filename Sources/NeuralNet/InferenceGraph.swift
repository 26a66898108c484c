/// The evaluation graph of encoder and projection head, in execution order; used by the ONNX export.
///
///     views ──► … ──► representations ──► … ──► embeddings
public struct InferenceGraph: Sendable {
  /// An operation of the graph; names are those of its parameters, without `.weight`.
  public enum Operation: Sendable, Equatable {
    /// A convolution without bias with a kernel of `kernel` × `kernel`, and zero padding of `kernel / 2`.
    case convolution(name: String, kernel: Int, stride: Int)
    /// A batch normalization with running statistics.
    case normalization(name: String)
    /// The ReLU, max(x, 0).
    case relu
    /// The elementwise sum of two values.
    case sum
    /// A maximum pooling over `kernel` × `kernel` pixels, with padding of `kernel / 2` by −∞.
    case maximum(kernel: Int, stride: Int)
    /// A selection of every `stride`-th row and column, with channels of zeros added before and after.
    case zeroPadding(stride: Int, channelsBefore: Int, channelsBehind: Int)
    /// The mean over all pixels, `[views, channels]`.
    case mean
    /// A linear layer.
    case linear(name: String, hasBias: Bool)
    /// The scaling of each row to unit length.
    case unitLength
  }

  /// An operation with its inputs.
  public struct Step: Sendable, Equatable {
    /// The operation of the step.
    public let operation: Operation
    /// The indices of the input values: 0 is the views, k the output of the k-th step.
    public let inputs: [Int]
  }

  /// The ε that batch normalizations add to variances.
  public static let epsilon = BatchNormalizationLayer.epsilon

  /// The steps in execution order: each follows those whose outputs are its inputs.
  public private(set) var steps: [Step] = []
  /// The index of the value that contains the representations, counted as in ``Step/inputs``.
  public private(set) var representations = 0
  /// The index of the value that contains the embeddings, counted as in ``Step/inputs``.
  public private(set) var embeddings = 0

  /// Creates the graph of a model.
  public init(_ encoder: ResNetArchitecture, _ head: ProjectionHeadArchitecture, isNormalizingRepresentations: Bool) {
    var value = addStem(encoder.stem)
    for block in encoder.blocks {
      value = add(block, to: value)
    }
    value = add(.mean, value)
    if isNormalizingRepresentations {
      value = add(.unitLength, value)
    }
    representations = value
    for (index, layer) in head.layers.enumerated() {
      value = add(.linear(name: layer.name, hasBias: layer.normalization == nil), value)
      if let normalization = layer.normalization {
        value = add(.normalization(name: normalization), value)
      }
      if index < head.layers.count - 1 {
        value = add(.relu, value)
      }
    }
    embeddings = add(.unitLength, value)
  }

  private mutating func add(_ operation: Operation, _ inputs: Int...) -> Int {
    steps.append(Step(operation: operation, inputs: inputs))
    return steps.count
  }

  /// Appends a convolution and its batch normalization.
  private mutating func addUnit(
    _ names: (convolution: String, normalization: String), kernel: Int, stride: Int, to input: Int
  ) -> Int {
    let convolved = add(.convolution(name: names.convolution, kernel: kernel, stride: stride), input)
    return add(.normalization(name: names.normalization), convolved)
  }

  private mutating func addStem(_ stem: ResNetArchitecture.Stem) -> Int {
    let normalized = addUnit(ResNetArchitecture.Stem.layerNames, kernel: stem.kernel, stride: stem.stride, to: 0)
    let output = add(.relu, normalized)
    switch stem {
    case .cifar: return output
    case .imagenet:
      return add(
        .maximum(kernel: ResNetArchitecture.Stem.poolingKernel, stride: ResNetArchitecture.Stem.poolingStride), output)
    }
  }

  private mutating func add(_ block: ResNetArchitecture.BlockArchitecture, to input: Int) -> Int {
    var value = input
    for (place, convolution) in block.branch.enumerated() {
      value = addUnit(
        block.layerNames(at: place), kernel: convolution.kernel, stride: convolution.stride, to: value)
      if place < block.branch.count - 1 {
        value = add(.relu, value)
      }
    }
    let shortcut: Int
    switch block.shortcut {
    case nil: shortcut = input
    case .zeroPadded:
      let added = block.outputChannels - block.inputChannels
      shortcut = add(
        .zeroPadding(stride: block.stride, channelsBefore: added / 2, channelsBehind: added - added / 2), input)
    case .projected: shortcut = addUnit(block.shortcutNames, kernel: 1, stride: block.stride, to: input)
    }
    return add(.relu, add(.sum, value, shortcut))
  }
}
