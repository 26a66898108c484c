/// The layouts (names, shapes and offsets) of a model's two flat vectors: parameters, and BatchNorm's running
/// statistics.
///
/// A pure function of the architectures. Layers register their slices when they are compiled; reading a checkpoint
/// needs only the layout and no compiled layers. The order is that of the forward pass: encoder, projection head,
/// classifier.
public struct ModelLayout: Sendable, Equatable {
  /// The layout of the vector of all weights, biases, scales and shifts.
  public var parameters = VectorLayout()
  /// The layout of the vector of all running means and variances.
  public var statistics = VectorLayout()

  /// Creates a layout without slices.
  public init() {}

  /// Creates the layout of an encoder and, if there is one, a projection head.
  public init(_ encoder: ResNetArchitecture, head: ProjectionHeadArchitecture? = nil) {
    add(encoder)
    if let head {
      add(head, inputWidth: encoder.representationWidth)
    }
  }

  // MARK: - Models

  /// Appends an encoder's slices, all named `encoder.…`.
  ///
  /// - Precondition: No encoder was added before.
  public mutating func add(_ encoder: ResNetArchitecture) {
    let stem = ResNetArchitecture.Stem.layerNames
    _ = addConvolution(stem.convolution, inputs: 3, outputs: encoder.widths[0], kernel: encoder.stem.kernel)
    _ = addNormalization(stem.normalization, channels: encoder.widths[0])
    for block in encoder.blocks {
      var channels = block.inputChannels
      for (place, convolution) in block.branch.enumerated() {
        let names = block.layerNames(at: place)
        _ = addConvolution(
          names.convolution, inputs: channels, outputs: convolution.outputChannels, kernel: convolution.kernel)
        _ = addNormalization(
          names.normalization, channels: convolution.outputChannels,
          isScaleZero: encoder.zeroInitializesLastScale && place == block.branch.count - 1)
        channels = convolution.outputChannels
      }
      if block.shortcut == .projected {
        let names = block.shortcutNames
        _ = addConvolution(names.convolution, inputs: block.inputChannels, outputs: block.outputChannels, kernel: 1)
        _ = addNormalization(names.normalization, channels: block.outputChannels)
      }
    }
  }

  /// Appends the slices of the parameter vector for a projection head, with names that start with `head`.
  ///
  /// The head's input has `inputWidth` features.
  ///
  /// - Precondition: No head was added before.
  public mutating func add(_ head: ProjectionHeadArchitecture, inputWidth: Int) {
    var width = inputWidth
    for layer in head.layers {
      parameters.addLinear(
        layer.name, inputWidth: width, outputWidth: layer.outputWidth, hasBias: layer.normalization == nil)
      if let normalization = layer.normalization {
        _ = addNormalization(normalization, channels: layer.outputWidth)
      }
      width = layer.outputWidth
    }
  }

  // MARK: - Layers

  /// Appends the weight of a convolution without bias, `[outputs, inputs, kernel, kernel]`.
  mutating func addConvolution(_ name: String, inputs: Int, outputs: Int, kernel: Int) -> VectorSlice {
    parameters.add("\(name).weight", [outputs, inputs, kernel, kernel], .kaimingFanOut)
  }

  /// The slices of one batch normalization, each of shape `[channels]`.
  struct Normalization: Sendable, Equatable {
    let scale: VectorSlice
    let shift: VectorSlice
    let runningMean: VectorSlice
    let runningVariance: VectorSlice
  }

  /// Appends scale, shift and running statistics of a batch normalization; the shift directly follows the scale.
  mutating func addNormalization(_ name: String, channels: Int, isScaleZero: Bool = false) -> Normalization {
    Normalization(
      scale: parameters.add("\(name).weight", [channels], .constant(isScaleZero ? 0 : 1)),
      shift: parameters.add("\(name).bias", [channels], .constant(0)),
      runningMean: statistics.add("\(name).running_mean", [channels], .constant(0)),
      runningVariance: statistics.add("\(name).running_var", [channels], .constant(1)))
  }
}

extension VectorLayout {
  /// Appends the weight `[outputWidth, inputWidth]` and the bias `[outputWidth]` of a linear layer such as a
  /// classifier.
  ///
  /// - Precondition: No layer was added under this name.
  @discardableResult public mutating func addLinear(
    _ name: String, inputWidth: Int, outputWidth: Int, hasBias: Bool = true
  ) -> (weight: VectorSlice, bias: VectorSlice?) {
    (
      add("\(name).weight", [outputWidth, inputWidth], .uniform(inputs: inputWidth)),
      hasBias ? add("\(name).bias", [outputWidth], .uniform(inputs: inputWidth)) : nil
    )
  }
}
