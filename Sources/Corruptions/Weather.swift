import ImageCodecs
import KeyedRandomness

/// The weather corruptions: snow, fog and brightness.
enum Weather {
  /// Applies snow: whitens the image and adds flakes, once as drawn and once rotated by 180°.
  ///
  /// Flakes are Gaussian noise, enlarged, cut off below a threshold and motion-blurred in a random direction within 45°
  /// of the vertical.
  static func snow(_ image: RGBImage, _ snow: CorruptionForm.Snow, _ stream: inout RandomStream) -> RGBImage {
    let side = image.width
    let noise = stream.nextNormals(side * side).map { normal in snow.mean + snow.deviation * normal }
    let cut = Interpolation.zoomed(noise, side: side, by: snow.zoom).map { value in
      value < snow.threshold ? 0 : Double(Raster.level(value)) / 255
    }
    let taps = Filters.line(
      radius: snow.radius, sigma: snow.sigma, degrees: stream.nextFraction(from: -135, to: -45))
    let flakes = Filters.correlated(cut, side: side, taps, .nearest).map { value in
      Double(Raster.level(Blurs.rounded(value))) / 255
    }
    var raster = Raster(image)
    for pixel in flakes.indices {
      let gray =
        0.299 * raster.planes[0][pixel] + 0.587 * raster.planes[1][pixel] + 0.114 * raster.planes[2][pixel]
      for channel in 0..<3 {
        let value = raster.planes[channel][pixel]
        let whitened = snow.kept * value + (1 - snow.kept) * max(value, 1.5 * gray + 0.5)
        raster.planes[channel][pixel] = whitened + flakes[pixel] + flakes[flakes.count - 1 - pixel]
      }
    }
    return raster.image
  }

  /// Adds a random cloud, then rescales so that the image's maximum plus `strength` becomes the maximum again.
  static func fog(_ image: RGBImage, strength: Double, decay: Double, _ stream: inout RandomStream) -> RGBImage {
    var raster = Raster(image)
    let side = image.width
    let cloud = Cloud(atLeast: side, decay: decay, &stream)
    let brightest = raster.maximum
    for channel in 0..<3 {
      for pixel in 0..<side * side {
        let value = raster.planes[channel][pixel] + strength * cloud[pixel / side, pixel % side]
        raster.planes[channel][pixel] = value * brightest / (brightest + strength)
      }
    }
    return raster.image
  }

  /// Adds `amount` to the value V of each pixel in HSV space, up to 1; hue and saturation stay the same.
  static func brightness(_ image: RGBImage, adding amount: Double) -> RGBImage {
    var raster = Raster(image)
    for pixel in 0..<image.width * image.height {
      let value = max(raster.planes[0][pixel], raster.planes[1][pixel], raster.planes[2][pixel])
      let raised = min(value + amount, 1)
      for channel in 0..<3 {
        let sample = value > 0 ? raster.planes[channel][pixel] / value * raised : raised
        // Many results are whole levels, and must not fall below them by rounding.
        raster.planes[channel][pixel] = sample + 1e-12
      }
    }
    return raster.image
  }
}

/// A random periodic height map, from 0 to 1, by the diamond-square algorithm (Fournier, Fussell, Carpenter 1982).
struct Cloud {
  /// The width and height, a power of two.
  let side: Int
  private var heights: [Double]

  subscript(row: Int, column: Int) -> Double { heights[row * side + column] }

  /// Draws a map whose side is at least `least`.
  ///
  /// Each new point is the mean of its four neighbors plus a uniform random number in ±w². The width w starts at 100
  /// and is divided by `decay` each time the distance between points is halved.
  init(atLeast least: Int, decay: Double, _ stream: inout RandomStream) {
    var side = 1
    while side < least {
      side *= 2
    }
    self.side = side
    heights = Array(repeating: 0, count: side * side)
    var (step, width) = (side, 100.0)
    while step >= 2 {
      let half = step / 2
      let (corners, centers) = (Swift.stride(from: 0, to: side, by: step), Swift.stride(from: half, to: side, by: step))
      for row in centers {
        for column in centers {
          place(row, column, [(-half, -half), (-half, half), (half, -half), (half, half)], width, &stream)
        }
      }
      let sides = [(-half, 0), (half, 0), (0, -half), (0, half)]
      for (rows, columns) in [(corners, centers), (centers, corners)] {
        for row in rows {
          for column in columns {
            place(row, column, sides, width, &stream)
          }
        }
      }
      step = half
      width /= decay
    }
    let (lowest, highest) = (heights.min() ?? 0, heights.max() ?? 1)
    heights = heights.map { height in (height - lowest) / (highest - lowest) }
  }

  private mutating func place(
    _ row: Int, _ column: Int, _ neighbors: [(Int, Int)], _ width: Double, _ stream: inout RandomStream
  ) {
    let mean = neighbors.reduce(0.0) { sum, neighbor in
      // Powers of two: the remainder of a negative number too.
      sum + heights[(row + neighbor.0) & (side - 1) * side + (column + neighbor.1) & (side - 1)]
    }
    heights[row * side + column] = mean / 4 + width * stream.nextFraction(from: -width, to: width)
  }
}
