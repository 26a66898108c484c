/// A color image of 8 bits per channel, row by row from the top, with interleaved red, green and blue.
public struct RGBImage: Sendable, Equatable {
  /// The number of columns in pixels.
  public let width: Int

  /// The number of rows in pixels.
  public let height: Int

  /// The width and height in pixels.
  public var size: ImageSize { ImageSize(width: width, height: height) }

  /// The channel values, `[height, width, 3]`.
  public var samples: [UInt8]

  /// Creates an image from its channel values.
  ///
  /// - Precondition: `samples` holds `height` · `width` · 3 numbers.
  public init(width: Int, height: Int, samples: [UInt8]) {
    precondition(samples.count == width * height * 3, "\(samples.count) samples for \(width)×\(height) pixels")
    self.width = width
    self.height = height
    self.samples = samples
  }
}
