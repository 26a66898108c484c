import ImageCodecs
import KeyedRandomness

/// The blur corruptions: defocus, glass, motion and zoom.
enum Blurs {
  /// Applies the defocus blur: convolves each channel with the disk filter `taps`.
  static func defocus(_ image: RGBImage, _ taps: [Filters.Tap]) -> RGBImage {
    Raster(image).mapPlanes { plane in Filters.correlated(plane, side: image.width, taps, .mirrored) }.image
  }

  /// Applies the glass blur: a Gaussian blur, random moves of pixels within their neighborhood, and the blur again.
  ///
  /// Each pixel, from the last to the first, is overwritten by a random pixel from up to `distance` to its left and
  /// above to `distance` − 1 to its right and below. The paper swaps pixels; the published files hold copies, as here.
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

  /// Applies the motion blur: convolves with a line filter in a random direction within 45° of the horizontal.
  static func motion(_ image: RGBImage, radius: Int, sigma: Double, _ stream: inout RandomStream) -> RGBImage {
    let taps = Filters.line(radius: radius, sigma: sigma, degrees: stream.nextFraction(from: -45, to: 45))
    return Raster(image).mapPlanes { plane in
      Filters.correlated(plane, side: image.width, taps, .nearest).map(rounded)
    }.image
  }

  /// Applies the zoom blur: the mean of the image and of `count` enlargements by 1, 1 + `step`, 1 + 2 · `step`, ….
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

  /// Adds half an 8-bit level, so that rounding down to a level then rounds to the nearest.
  static func rounded(_ value: Double) -> Double { value + 0.5 / 255 }
}
