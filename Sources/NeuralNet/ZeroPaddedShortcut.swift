import OneDNN

/// The shortcut without parameters for blocks whose input and output differ in shape.
///
/// It takes every `stride`-th row and column and adds channels of zeros evenly before and after (He et al. 2015, §4.1,
/// option A): `[batch, in, height, width]` → `[batch, out, height / stride, width / stride]`.
public final class ZeroPaddedShortcut {
  private let input: ActivationShape
  private let output: ActivationShape
  private let stride: Int
  private let byteCount: Int
  private let channelsBefore: Int
  /// The number of channels that are adjacent in both memory layouts and can be copied together.
  private let unit: Int

  /// Creates a shortcut between two shapes.
  public init(input: ActivationShape, output: ActivationShape, stride: Int, _ precision: Precision) {
    self.input = input
    self.output = output
    self.stride = stride
    byteCount = precision.byteCount
    channelsBefore = (output.channels - input.channels) / 2
    // A group of channels must neither cross a block of the input nor, shifted by `channelsBefore`, a block of the
    // output.
    unit = greatestCommonDivisor(greatestCommonDivisor(input.channelBlock, output.channelBlock), channelsBefore)
  }

  /// Copies the selected pixels of `source` to `destination`, whose other channels remain zero as allocated.
  public func forward(_ source: Tensor, into destination: Tensor) {
    unsafe source.withBytes { source in
      unsafe destination.withBytes { destination in
        guard let source = source.baseAddress, let destination = destination.baseAddress else { return }
        forEachUnit { inputOffset, outputOffset, byteCount in
          unsafe (destination + outputOffset).copyMemory(from: source + inputOffset, byteCount: byteCount)
        }
      }
    }
  }

  /// Copies the output's gradient to the selected pixels of `inputGradient`, whose other pixels remain zero as
  /// allocated.
  public func backward(outputGradient: Tensor, into inputGradient: Tensor) {
    unsafe outputGradient.withBytes { source in
      unsafe inputGradient.withBytes { destination in
        guard let source = source.baseAddress, let destination = destination.baseAddress else { return }
        forEachUnit { inputOffset, outputOffset, byteCount in
          unsafe (destination + inputOffset).copyMemory(from: source + outputOffset, byteCount: byteCount)
        }
      }
    }
  }

  /// Calls `body` with the byte offsets in input and output, and the size, of every group of adjacent channels.
  private func forEachUnit(_ body: (Int, Int, Int) -> Void) {
    for image in 0..<input.batch {
      for channel in Swift.stride(from: 0, to: input.channels, by: unit) {
        for row in 0..<output.height {
          let inputStart = input.offset(image: image, channel: channel, row: row * stride)
          let outputStart = output.offset(image: image, channel: channel + channelsBefore, row: row)
          for column in 0..<output.width {
            body(
              (inputStart + column * stride * input.channelBlock) * byteCount,
              (outputStart + column * output.channelBlock) * byteCount, unit * byteCount)
          }
        }
      }
    }
  }
}

/// Returns the greatest common divisor of two numbers, by Euclid's algorithm; the first one if the second is 0.
package func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
  second == 0 ? first : greatestCommonDivisor(second, first % second)
}
