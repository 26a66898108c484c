import ImageCodecs

/// Resampling of square planes, `[side, side]`.
enum Interpolation {
  /// Returns the value at (x, y), in pixels, by bilinear interpolation.
  static func value(_ plane: [Double], side: Int, x: Double, y: Double, _ border: Border) -> Double {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (right, down) = (x - left, y - top)
    let columns = (border.index(Int(left), side), border.index(Int(left) + 1, side))
    let rows = (border.index(Int(top), side) * side, border.index(Int(top) + 1, side) * side)
    let upper = plane[rows.0 + columns.0] * (1 - right) + plane[rows.0 + columns.1] * right
    let lower = plane[rows.1 + columns.0] * (1 - right) + plane[rows.1 + columns.1] * right
    return upper * (1 - down) + lower * down
  }

  /// Enlarges the center of a plane by `factor` to the plane's size, bilinearly with aligned corners (`align_corners`).
  static func zoomed(_ plane: [Double], side: Int, by factor: Double) -> [Double] {
    let kept = Int((Double(side) / factor).rounded(.up))
    let first = (side - kept) / 2
    let enlarged = Int((Double(kept) * factor).rounded(.toNearestOrEven))
    let scale = enlarged > 1 ? Double(kept - 1) / Double(enlarged - 1) : 0
    let trim = (enlarged - side) / 2
    var result = [Double](repeating: 0, count: plane.count)
    for row in 0..<side {
      for column in 0..<side {
        result[row * side + column] = value(
          plane, side: side, x: Double(first) + Double(column + trim) * scale,
          y: Double(first) + Double(row + trim) * scale, .nearest)
      }
    }
    return result
  }

  /// Returns an image resized to `side` × `side` by Pillow's box filter, the mean of the pixels whose centers a new
  /// pixel covers.
  ///
  /// Rows are resized first, then columns; both results are rounded to 8 bits.
  static func boxResized(_ image: RGBImage, to side: Int) -> RGBImage {
    let (width, height) = (image.width, image.height)
    var rows = [UInt8](repeating: 0, count: 3 * side * height)
    for (column, sources) in boxes(from: width, to: side).enumerated() {
      for row in 0..<height {
        for channel in 0..<3 {
          rows[3 * (row * side + column) + channel] = mean(
            of: sources
          ) { source in image.samples[3 * (row * width + source) + channel] }
        }
      }
    }
    var samples = [UInt8](repeating: 0, count: 3 * side * side)
    for (row, sources) in boxes(from: height, to: side).enumerated() {
      for index in 0..<3 * side {
        samples[3 * side * row + index] = mean(of: sources) { source in rows[3 * side * source + index] }
      }
    }
    return RGBImage(width: side, height: side, samples: samples)
  }

  /// Returns, for each of `count` new pixels along an axis, the range of the `source` old pixels that it covers.
  private static func boxes(from source: Int, to count: Int) -> [Range<Int>] {
    let scale = Double(source) / Double(count)
    let width = max(scale, 1)
    return (0..<count).map { line in
      let center = (Double(line) + 0.5) * scale
      let first = max(Int(center - 0.5 * width + 0.5), 0)
      let end = min(Int(center + 0.5 * width + 0.5), source)
      let covered = (first..<end).filter { place in
        let distance = (Double(place) - center + 0.5) / width
        return distance > -0.5 && distance <= 0.5
      }
      return (covered.first ?? first)..<(covered.last ?? first) + 1
    }
  }

  /// Returns the mean of 8-bit values, computed in fixed point with 22 fractional bits as by Pillow.
  private static func mean(of sources: Range<Int>, level: (Int) -> UInt8) -> UInt8 {
    let weight = Int(0x1p22 / Double(sources.count) + 0.5)
    let sum = sources.reduce(1 << 21) { sum, source in sum + weight * Int(level(source)) }
    return UInt8(min(sum >> 22, 255))
  }
}
