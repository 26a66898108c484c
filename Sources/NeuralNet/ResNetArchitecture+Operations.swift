/// The sizes of one convolution that determine its number of multiply-adds for one image.
private struct ConvolutionOperations {
  let inputChannels: Int
  let outputChannels: Int
  /// The height and width of the filters in pixels.
  let kernel: Int
  /// The height of the convolution's output.
  let outputHeight: Int
  let outputWidth: Int
  /// True if the gradient of the input is computed; false for the first layer, whose input is the images.
  var hasInputGradient = true

  /// The multiply-adds of the forward pass, including those with padding.
  var forward: Int { inputChannels * outputChannels * kernel * kernel * outputHeight * outputWidth }

  /// The multiply-adds of the backward pass; the gradients of weights and input each cost as much as the forward pass.
  var backward: Int { hasInputGradient ? 2 * forward : forward }
}

extension ResNetArchitecture {
  /// Returns the encoder's convolutions for an image, in the order of the forward pass.
  ///
  /// Zero-padded shortcuts are omitted, because they multiply nothing.
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

  /// Counts the multiply-adds of the encoder's convolutions for one image, in the forward and the backward pass.
  ///
  /// Every convolution is counted as if it were computed directly, even if an algorithm needs fewer multiplications, so
  /// that the rates of different algorithms can be compared.
  public func multiplyAdds(height: Int, width: Int) -> (forward: Int, backward: Int) {
    let convolutions = convolutions(height: height, width: width)
    return (
      convolutions.reduce(0) { sum, convolution in sum + convolution.forward },
      convolutions.reduce(0) { sum, convolution in sum + convolution.backward }
    )
  }
}

extension ProjectionHeadArchitecture {
  /// Counts the multiply-adds of the projection head's layers for one image, in the forward and the backward pass.
  public func multiplyAdds(inputWidth: Int) -> (forward: Int, backward: Int) {
    var (width, forward) = (inputWidth, 0)
    for next in widths {
      forward += width * next
      width = next
    }
    return (forward, 2 * forward)
  }
}
