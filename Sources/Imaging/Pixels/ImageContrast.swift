import ImageCodecs

/// The counts of extreme 8-bit values, by which images without contrast are detected: black, white, or of one color.
public struct ImageContrast: Sendable, Equatable {
  /// The number of channel values of the image, three per pixel.
  public let sampleCount: Int
  /// The number of channel values that are 0.
  public let blackCount: Int
  /// The number of channel values that are 255.
  public let whiteCount: Int
  /// The number of channel values that equal the first pixel's value of the same channel.
  public let uniformCount: Int

  /// Counts the extreme values of an image in one pass, which takes a fraction of the decoding time.
  public init(of image: RGBImage) {
    var (black, white, uniform) = (0, 0, 0)
    unsafe image.samples.withUnsafeBufferPointer { samples in
      guard samples.count >= 3 else { return }
      let first = unsafe (samples[0], samples[1], samples[2])
      for pixel in stride(from: 0, to: samples.count, by: 3) {
        let (red, green, blue) = unsafe (samples[pixel], samples[pixel + 1], samples[pixel + 2])
        black += (red == 0 ? 1 : 0) + (green == 0 ? 1 : 0) + (blue == 0 ? 1 : 0)
        white += (red == 255 ? 1 : 0) + (green == 255 ? 1 : 0) + (blue == 255 ? 1 : 0)
        uniform += (red == first.0 ? 1 : 0) + (green == first.1 ? 1 : 0) + (blue == first.2 ? 1 : 0)
      }
    }
    (sampleCount, blackCount, whiteCount, uniformCount) = (image.samples.count, black, white, uniform)
  }

  /// The fraction of channel values that are 0.
  public var blackShare: Double { share(blackCount) }
  /// The fraction of channel values that are 255.
  public var whiteShare: Double { share(whiteCount) }

  /// True if at least 99 % of the channel values are 0, or 255, or if all pixels have one color.
  public var isBlank: Bool {
    sampleCount > 0 && (blackShare >= 0.99 || whiteShare >= 0.99 || uniformCount == sampleCount)
  }

  private func share(_ count: Int) -> Double { sampleCount > 0 ? Double(count) / Double(sampleCount) : 0 }
}
