import ImageCodecs
import KeyedRandomness

/// The blurs of a lens, of frosted glass, of a moving camera, and of one that moves towards the scene.
enum Blurs {
  /// Convolves with a disk.
  static func defocus(_ image: RGBImage, _ taps: [Filters.Tap]) -> RGBImage {
    Raster(image).mapPlanes { plane in Filters.correlated(plane, side: image.width, taps, .mirrored) }.image
  }

  /// Blurs, gives pixels the colors of neighbors, and blurs again.
  ///
  /// From the last pixel to the first, each takes the color of a pixel that is up to `distance` to the left or above,
  /// or up to `distance` − 1 to the right or below. The paper says that pixels are shuffled; the published files hold
  /// copies, as here.
  static func glass(
    _ image: RGBImage, sigma: Double, distance: Int, passes: Int, _ stream: inout RandomStream
  ) -> RGBImage {
    let side = image.width
    func blurred(_ image: RGBImage) -> RGBImage {
      Raster(image).mapPlanes { plane in
        Filters.gaussian(plane, side: side, sigma: sigma, truncation: 4, .nearest)
      }.image
    }
    var glass = blurred(image)
    for _ in 0..<passes {
      for row in stride(from: side - distance, to: distance, by: -1) {
        for column in stride(from: side - distance, to: distance, by: -1) {
          let right = stream.nextInteger(below: 2 * distance) - distance
          let down = stream.nextInteger(below: 2 * distance) - distance
          let (target, source) = (3 * (row * side + column), 3 * ((row + down) * side + column + right))
          for channel in 0..<3 {
            glass.samples[target + channel] = glass.samples[source + channel]
          }
        }
      }
    }
    return blurred(glass)
  }

  /// Convolves along a line of a random direction within 45° of the horizontal.
  static func motion(_ image: RGBImage, radius: Int, sigma: Double, _ stream: inout RandomStream) -> RGBImage {
    let taps = Filters.line(radius: radius, sigma: sigma, degrees: stream.nextFraction(from: -45, to: 45))
    return Raster(image).mapPlanes { plane in
      Filters.correlated(plane, side: image.width, taps, .nearest).map(rounded)
    }.image
  }

  /// Returns the mean of the image and of `count` enlargements, the first by 1.
  static func zoom(_ image: RGBImage, count: Int, step: Double) -> RGBImage {
    // NumPy's `arange`, by whose roundings 1.25 is a little more: 26 pixels become 33, not 32.
    let distance = (1 + step) - 1
    return Raster(image).mapPlanes { plane in
      var sum = plane
      for number in 0..<count {
        let zoomed = Interpolation.zoomed(plane, side: image.width, by: 1 + Double(number) * distance)
        for index in sum.indices {
          sum[index] += zoomed[index]
        }
      }
      return sum.map { value in value / Double(count + 1) }
    }.image
  }

  /// Returns a value that becomes the nearest level when it is rounded down, as filters of images of 8 bits round.
  static func rounded(_ value: Double) -> Double { value + 0.5 / 255 }
}
