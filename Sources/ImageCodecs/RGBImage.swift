/// A color image of 8 bits a channel: rows from the top, pixels from the left, red, green, blue side by side.
public struct RGBImage: Sendable, Equatable {
  /// The number of columns in pixels.
  public let width: Int

  /// The number of rows in pixels.
  public let height: Int

  /// Both.
  public var size: ImageSize { ImageSize(width: width, height: height) }

  /// The samples, `[height, width, 3]`.
  public var samples: [UInt8]

  /// An image of given samples.
  ///
  /// - Precondition: `samples` holds `height` · `width` · 3 numbers.
  public init(width: Int, height: Int, samples: [UInt8]) {
    precondition(samples.count == width * height * 3, "\(samples.count) samples for \(width)×\(height) pixels")
    self.width = width
    self.height = height
    self.samples = samples
  }
}
