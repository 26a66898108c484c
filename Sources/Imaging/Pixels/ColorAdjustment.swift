/// Color adjustments as in torchvision.
///
/// Each adjustment blends the image (factor 1) with a simpler one (factor 0); results are clipped to [0, 1].
extension PlanarImage {
  /// The weights of red, green and blue in luminance (ITU-R BT.601).
  private static let luminanceWeights: (red: Float, green: Float, blue: Float) = (0.299, 0.587, 0.114)

  /// Multiplies every value by `factor` and clips to [0, 1]: 0 gives black, 1 the unchanged image.
  mutating func adjustBrightness(by factor: Float) {
    let count = 3 * pixelCount
    unsafe planes.withUnsafeMutableBufferPointer { planes in
      for index in 0..<count {
        unsafe planes[index] = clipped(planes[index] * factor)
      }
    }
  }

  /// Blends the image with its mean luminance and clips to [0, 1]: factor 0 gives a uniform gray, 1 the unchanged
  /// image.
  mutating func adjustContrast(by factor: Float) {
    let count = pixelCount
    unsafe planes.withUnsafeMutableBufferPointer { planes in
      var sum = 0.0
      for pixel in 0..<count {
        sum += unsafe Double(Self.luminance(planes, pixel, count))
      }
      let mean = Float(sum / Double(count))
      for index in 0..<3 * count {
        unsafe planes[index] = clipped(mean + (planes[index] - mean) * factor)
      }
    }
  }

  /// Blends each pixel with its luminance and clips to [0, 1]: factor 0 gives a gray image, 1 the unchanged image.
  mutating func adjustSaturation(by factor: Float) {
    let count = pixelCount
    unsafe planes.withUnsafeMutableBufferPointer { planes in
      for pixel in 0..<count {
        let gray = unsafe Self.luminance(planes, pixel, count)
        for plane in 0..<3 {
          let index = plane * count + pixel
          unsafe planes[index] = clipped(gray + (planes[index] - gray) * factor)
        }
      }
    }
  }

  /// Replaces the three values of each pixel by its luminance, 0.299 R + 0.587 G + 0.114 B.
  mutating func makeGray() {
    let count = pixelCount
    unsafe planes.withUnsafeMutableBufferPointer { planes in
      for pixel in 0..<count {
        let gray = unsafe Self.luminance(planes, pixel, count)
        for plane in 0..<3 {
          unsafe planes[plane * count + pixel] = gray
        }
      }
    }
  }

  @inline(__always)
  private static func luminance(_ planes: UnsafeMutableBufferPointer<Float>, _ pixel: Int, _ count: Int) -> Float {
    unsafe luminanceWeights.red * planes[pixel] + luminanceWeights.green * planes[count + pixel]
      + luminanceWeights.blue * planes[2 * count + pixel]
  }
}

@inline(__always)
private func clipped(_ value: Float) -> Float {
  let above = value < 0 ? 0 : value
  return above > 1 ? 1 : above
}
