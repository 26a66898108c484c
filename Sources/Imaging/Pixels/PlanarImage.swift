import ImageCodecs

/// A color image in float32, one plane a channel, 0 black and 1 full.
struct PlanarImage {
  private(set) var size = ImageSize(width: 0, height: 0)

  /// `[3, height, width]`, and leftovers of a larger image.
  var planes: [Float] = []

  var pixelCount: Int { size.pixelCount }

  /// Becomes the image of these levels, `[3, height, width]`.
  mutating func load(_ levels: UnsafePointer<UInt8>, _ size: ImageSize) {
    self.size = size
    let count = 3 * size.pixelCount
    if planes.count < count {
      planes = [Float](repeating: 0, count: count)
    }
    unsafe planes.withUnsafeMutableBufferPointer { planes in
      for index in 0..<count {
        unsafe planes[index] = Float(levels[index]) / 255
      }
    }
  }

  /// Writes the image standardized.
  func write(
    _ normalization: ChannelNormalization, into view: inout MutableSpan<Float>, channelStride: Int, pixelStride: Int
  ) {
    let count = pixelCount
    unsafe planes.withUnsafeBufferPointer { planes in
      unsafe view.withUnsafeMutableBufferPointer { view in
        for channel in 0..<3 {
          let mean = normalization.mean[channel]
          let deviation = normalization.standardDeviation[channel]
          for pixel in 0..<count {
            unsafe view[channel * channelStride + pixel * pixelStride] =
              (planes[channel * count + pixel] - mean) / deviation
          }
        }
      }
    }
  }

  /// The image in 8 bits a channel.
  func rounded() -> RGBImage {
    let count = pixelCount
    return RGBImage(
      width: size.width, height: size.height,
      samples: (0..<3 * count).map { index in UInt8((planes[index % 3 * count + index / 3] * 255).rounded()) })
  }
}
