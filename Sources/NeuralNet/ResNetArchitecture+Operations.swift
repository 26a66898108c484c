/// The operations of one convolution for one image, counted as direct convolution.
private struct ConvolutionOperations {
  let inputChannels: Int
  let outputChannels: Int
  /// Rows and columns of the filters.
  let kernel: Int
  /// Rows and columns of the output.
  let outputHeight: Int
  let outputWidth: Int
  /// True if the gradient of its input is computed; false for the images.
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
    var (height, width) = (height, width)
    func halve() {
      (height, width) = ((height + 1) / 2, (width + 1) / 2)
    }
    if stem == .imagenet {
      halve()
    }
    var convolutions = [
      ConvolutionOperations(
        inputChannels: 3, outputChannels: widths[0], kernel: stem.kernel, outputHeight: height, outputWidth: width,
        hasInputGradient: false)
    ]
    if stem == .imagenet {
      halve()
    }
    for block in blocks {
      var channels = block.inputChannels
      for convolution in block.branch {
        if convolution.stride == 2 {
          halve()
        }
        convolutions.append(
          ConvolutionOperations(
            inputChannels: channels, outputChannels: convolution.outputChannels, kernel: convolution.kernel,
            outputHeight: height, outputWidth: width))
        channels = convolution.outputChannels
      }
      if block.shortcut == .projected {
        convolutions.append(
          ConvolutionOperations(
            inputChannels: block.inputChannels, outputChannels: block.outputChannels, kernel: 1, outputHeight: height,
            outputWidth: width))
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

extension ProjectionHeadArchitecture {
  /// The multiplications with addition of the head's products for one image, in both passes.
  public func multiplyAdds(inputWidth: Int) -> (forward: Int, backward: Int) {
    var (width, forward) = (inputWidth, 0)
    for next in widths {
      forward += width * next
      width = next
    }
    return (forward, 2 * forward)
  }
}
