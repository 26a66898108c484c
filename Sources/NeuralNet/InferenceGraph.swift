/// The evaluation graph of encoder and projection head, in execution order; used by the ONNX export.
///
///     views ──► … ──► representations ──► … ──► embeddings
public struct InferenceGraph: Sendable {
  /// The operation of a step; names are those of the parameters, without `.weight`.
  public enum Operation: Sendable, Equatable {
    /// A convolution without bias, `kernel` rows and columns, with `kernel / 2` zeros around its input.
    case convolution(name: String, kernel: Int, stride: Int)
    /// A batch normalization with its running statistics.
    case normalization(name: String)
    /// max(x, 0).
    case relu
    /// The sum of two values.
    case sum
    /// The maximum over `kernel` rows and columns, with `kernel / 2` pixels around the input that never win.
    case maximum(kernel: Int, stride: Int)
    /// Every `stride`-th row and column, with channels of zeros before and after.
    case zeroPadding(stride: Int, channelsBefore: Int, channelsBehind: Int)
    /// The mean over all pixels, `[views, channels]`.
    case mean
    /// A linear map.
    case linear(name: String, hasBias: Bool)
    /// Each row divided by its length.
    case unitLength
  }

  /// One operation on earlier values.
  public struct Step: Sendable, Equatable {
    /// The operation.
    public let operation: Operation
    /// The input values: 0 is the views, k the result of the k-th step.
    public let inputs: [Int]
  }

  /// The ε added to variances.
  public static let epsilon = BatchNormalizationLayer.epsilon

  /// The steps, each after those whose values it reads.
  public private(set) var steps: [Step] = []
  /// The value that is the representations.
  public private(set) var representations = 0
  /// The value that is the embeddings.
  public private(set) var embeddings = 0

  /// The graph of a model.
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

  /// A convolution and its normalization.
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
