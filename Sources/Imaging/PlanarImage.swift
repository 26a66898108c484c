/// A colour picture in float32, one plane a channel, 0 black and 1 full.
struct PlanarImage {
  let width: Int
  let height: Int

  /// `[3, height, width]`.
  var planes: [Float]

  var pixelCount: Int { width * height }

  /// The pixels of `image` from (`top`, `left`) on, black where that is outside, mirrored or not.
  init(cropping image: RGBImage, top: Int, left: Int, width: Int, height: Int, isMirrored: Bool) {
    self.width = width
    self.height = height
    let pixels = width * height
    planes = [Float](repeating: 0, count: 3 * pixels)
    let rows = max(0, -top)..<max(max(0, -top), min(height, image.height - top))
    let columns = max(0, -left)..<max(max(0, -left), min(width, image.width - left))
    unsafe image.samples.withUnsafeBufferPointer { samples in
      unsafe planes.withUnsafeMutableBufferPointer { planes in
        for row in rows {
          for column in columns {
            let source = ((top + row) * image.width + left + column) * 3
            let target = row * width + (isMirrored ? width - 1 - column : column)
            unsafe planes[target] = Float(samples[source]) / 255
            unsafe planes[pixels + target] = Float(samples[source + 1]) / 255
            unsafe planes[2 * pixels + target] = Float(samples[source + 2]) / 255
          }
        }
      }
    }
  }
}
