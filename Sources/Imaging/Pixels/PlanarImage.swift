import ImageCodecs

/// A float32 color image stored as three planes, with values from 0 (black) to 1.
struct PlanarImage {
  private(set) var size = ImageSize(width: 0, height: 0)

  /// The values, `[3, height, width]`; the array may be longer than that.
  var planes: [Float] = []

  var pixelCount: Int { size.pixelCount }

  /// Copies an 8-bit image, `[3, height, width]`.
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

  /// Writes the image, standardized by `normalization`, with the given strides.
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

  /// Returns the image rounded to 8 bits per channel.
  func rounded() -> RGBImage {
    let count = pixelCount
    return RGBImage(
      width: size.width, height: size.height,
      samples: (0..<3 * count).map { index in UInt8((planes[index % 3 * count + index / 3] * 255).rounded()) })
  }
}
