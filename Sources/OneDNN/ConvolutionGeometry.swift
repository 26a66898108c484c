import COneDNN

extension Convolution {
  /// The shapes of a convolution's input and output, kernel, stride and padding.
  public struct Geometry: Sendable {
    /// The shape of the input.
    public var input: ActivationShape
    /// The number of channels of the output.
    public var outputChannels: Int
    /// The side of the square kernel, in pixels.
    public var kernel: Int
    /// The distance between neighboring outputs, in pixels of the input.
    public var stride: Int
    /// The number of zeros added before and after each row and column.
    public var padding: Int
    /// The number of output channels that are adjacent in memory.
    public var outputChannelBlock: Int

    /// Creates the description of a convolution from its shapes.
    public init(
      input: ActivationShape, outputChannels: Int, kernel: Int, stride: Int, padding: Int, outputChannelBlock: Int
    ) {
      self.input = input
      self.outputChannels = outputChannels
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.outputChannelBlock = outputChannelBlock
    }

    /// The shape of the output.
    public var output: ActivationShape {
      ActivationShape(
        batch: input.batch, channels: outputChannels, height: (input.height + 2 * padding - kernel) / stride + 1,
        width: (input.width + 2 * padding - kernel) / stride + 1, channelBlock: outputChannelBlock)
    }

    var weightExtents: [Int] { [outputChannels, input.channels, kernel, kernel] }

    var window: conednn_window_t {
      conednn_window(Int64(kernel), Int64(kernel), Int64(stride), Int64(padding), Int64(padding))
    }
  }
}

extension Convolution.Geometry: CustomStringConvertible {
  /// The shapes as text, for example `convolution 256 → 512 channels, 3×3, stride 2, 2×2 → 1×1`.
  public var description: String {
    "convolution \(input.channels) → \(outputChannels) channels, \(kernel)×\(kernel), stride \(stride), "
      + "\(input.height)×\(input.width) → \(output.height)×\(output.width)"
  }

  /// The shapes as short text, for example `256→512 3×3/2, 4×4`: channels, kernel, stride, height and width of the
  /// output.
  public var shortDescription: String {
    let strideText = stride == 1 ? "" : "/\(stride)"
    return "\(input.channels)→\(outputChannels) \(kernel)×\(kernel)\(strideText), \(output.height)×\(output.width)"
  }
}
