import OneDNN

/// The shortcut without parameters where a block changes shape.
///
/// Every `stride`-th row and column, with channels of zeros added evenly before and after (He et al. 2015, §4.1, option A):
/// `[batch, in, height, width]` → `[batch, out, height / stride, width / stride]`.
public final class ZeroPaddedShortcut {
  private let input: ActivationShape
  private let output: ActivationShape
  private let stride: Int
  private let byteCount: Int
  private let channelsBefore: Int
  /// The number of neighboring channels of both layouts.
  private let unit: Int

  /// A shortcut between two shapes.
  public init(input: ActivationShape, output: ActivationShape, stride: Int, _ precision: Precision) {
    self.input = input
    self.output = output
    self.stride = stride
    byteCount = precision.byteCount
    channelsBefore = (output.channels - input.channels) / 2
    // A stretch must neither cross a block of the input nor, moved by `channelsBefore`, one of the output.
    unit = greatestCommonDivisor(greatestCommonDivisor(input.channelBlock, output.channelBlock), channelsBefore)
  }

  /// Copies `source`'s kept pixels into `destination`, whose other channels stay as they are: zero since it was made.
  public func forward(_ source: Tensor, into destination: Tensor) {
    unsafe source.withBytes { source in
      unsafe destination.withBytes { destination in
        forEachUnit { inputOffset, outputOffset, byteCount in
          unsafe destination.baseAddress?.advanced(by: outputOffset)
            .copyMemory(from: source.baseAddress.unsafelyUnwrapped + inputOffset, byteCount: byteCount)
        }
      }
    }
  }

  /// Copies the output's gradient to the pixels that were kept; the others of `inputGradient` stay zero.
  public func backward(outputGradient: Tensor, into inputGradient: Tensor) {
    unsafe outputGradient.withBytes { source in
      unsafe inputGradient.withBytes { destination in
        forEachUnit { inputOffset, outputOffset, byteCount in
          unsafe destination.baseAddress?.advanced(by: inputOffset)
            .copyMemory(from: source.baseAddress.unsafelyUnwrapped + outputOffset, byteCount: byteCount)
        }
      }
    }
  }

  /// Calls `body` with the byte offsets in input and output of every stretch of neighboring channels.
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

private func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
  second == 0 ? first : greatestCommonDivisor(second, first % second)
}
