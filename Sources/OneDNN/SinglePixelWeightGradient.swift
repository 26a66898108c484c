/// The weight gradient of a convolution whose output is a single pixel, as one matrix product.
///
/// For some of these convolutions, oneDNN has only reference code for AVX2. With output pixel p of image n,
/// ∂L/∂w[o, i, r, c] = Σ over n of g[n, o] · x[n, i, r − padding, c − padding], where x is 0 outside the image.
struct SinglePixelWeightGradient {
  private let geometry: Convolution.Geometry

  /// Prepares the gradient of a float32 convolution; `nil` if its output has more than one pixel.
  init?(_ geometry: Convolution.Geometry) {
    guard geometry.output.height == 1, geometry.output.width == 1 else { return nil }
    self.geometry = geometry
  }

  /// Computes the gradient of the weights, row-major.
  func compute(
    input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    let patches = patches(of: input)
    // The output has one pixel, so for any channel block the elements are [image, channel].
    var factors = [Float](repeating: 0, count: geometry.output.count)
    var span = factors.mutableSpan
    outputGradient.copy(into: &span)
    let (kernel, channels) = (geometry.kernel, geometry.input.channels)
    try gradient.product(
      rows: geometry.outputChannels, columns: channels * kernel * kernel, depth: geometry.input.batch, factors.span,
      .transposed, patches.span, .none)
  }

  /// Returns the window of each image, `[image, channel, row, column]`, with zeros outside the image.
  private func patches(of input: Tensor) -> [Float] {
    let (shape, kernel, padding) = (geometry.input, geometry.kernel, geometry.padding)
    var patches = [Float](repeating: 0, count: shape.batch * shape.channels * kernel * kernel)
    let rows = max(padding, 0)..<min(kernel, shape.height + padding)
    let columns = max(padding, 0)..<min(kernel, shape.width + padding)
    unsafe input.withFloats { elements in
      for image in 0..<shape.batch {
        for channel in 0..<shape.channels {
          let patch = (image * shape.channels + channel) * kernel * kernel
          for row in rows {
            let line = shape.offset(image: image, channel: channel, row: row - padding)
            for column in columns {
              patches[patch + row * kernel + column] =
                unsafe elements[line + (column - padding) * shape.columnStride]
            }
          }
        }
      }
    }
    return patches
  }
}
