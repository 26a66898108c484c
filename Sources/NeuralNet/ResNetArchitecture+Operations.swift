/// What one convolution computes for one image, counted as direct convolution.
struct ConvolutionOperations {
  let inputChannels: Int
  let outputChannels: Int
  /// Rows and columns of the filters.
  let kernel: Int
  /// Rows and columns of the output.
  let outputHeight: Int
  let outputWidth: Int
  /// Whether somebody asks for the gradient of its input; nobody does for the images.
  var hasInputGradient = true

  /// Every tap of every filter at every pixel, those that fall on the padding included.
  var forward: Int { inputChannels * outputChannels * kernel * kernel * outputHeight * outputWidth }

  /// The gradients of weights and input cost as much as the forward pass each.
  var backward: Int { hasInputGradient ? 2 * forward : forward }
}

extension ResNetArchitecture {
  /// The encoder's convolutions for an image, in the order of the forward pass.
  ///
  /// Zero-padded shortcuts multiply nothing.
  private func convolutions(height: Int, width: Int) -> [ConvolutionOperations] {
    var convolutions = [
      ConvolutionOperations(
        inputChannels: 3, outputChannels: widths[0], kernel: 3, outputHeight: height, outputWidth: width,
        hasInputGradient: false)
    ]
    var (channels, height, width) = (widths[0], height, width)
    for (group, groupWidth) in widths.enumerated() {
      if group > 0 {
        // Stride 2 with padding 1.
        (height, width) = ((height + 1) / 2, (width + 1) / 2)
      }
      for index in 0..<blocksPerGroup {
        if shortcut == .projected, index == 0, group > 0 || channels != groupWidth {
          convolutions.append(
            ConvolutionOperations(
              inputChannels: channels, outputChannels: groupWidth, kernel: 1, outputHeight: height, outputWidth: width))
        }
        for inputChannels in [channels, groupWidth] {
          convolutions.append(
            ConvolutionOperations(
              inputChannels: inputChannels, outputChannels: groupWidth, kernel: 3, outputHeight: height,
              outputWidth: width))
        }
        channels = groupWidth
      }
    }
    return convolutions
  }

  /// The multiplications with addition of the encoder's convolutions for one image, in both passes.
  ///
  /// As if every convolution were computed directly: an algorithm that multiplies less is credited with all of them, so
  /// that the rates of two algorithms compare their speeds.
  public func multiplyAdds(height: Int, width: Int) -> (forward: Int, backward: Int) {
    let convolutions = convolutions(height: height, width: width)
    return (
      convolutions.reduce(0) { sum, convolution in sum + convolution.forward },
      convolutions.reduce(0) { sum, convolution in sum + convolution.backward }
    )
  }
}

extension ProjectionHeadKind {
  /// The multiplications with addition of the head's products for one image, in both passes.
  public func multiplyAdds(inputWidth: Int, outputWidth: Int) -> (forward: Int, backward: Int) {
    let forward =
      switch self {
      case .mlp: inputWidth * inputWidth + inputWidth * outputWidth
      case .linear: inputWidth * outputWidth
      }
    return (forward, 2 * forward)
  }
}
