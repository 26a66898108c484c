import Glibc

/// Linear filters for square planes, `[side, side]`.
enum Filters {
  /// An element of a filter: its offset from the center and its weight.
  struct Tap {
    let right, down: Int
    let weight: Double
  }

  /// Returns the weights of a Gaussian with mean 0 at integer offsets, normalized to sum 1.
  static func gaussianWeights(sigma: Double, at places: ClosedRange<Int>) -> [Double] {
    let weights = places.map { place in exp(-0.5 * Double(place * place) / (sigma * sigma)) }
    let sum = weights.reduce(0, +)
    return weights.map { weight in weight / sum }
  }

  /// Returns a plane convolved with a Gaussian truncated at `truncation` standard deviations.
  static func gaussian(
    _ plane: [Double], side: Int, sigma: Double, truncation: Double, _ border: Border
  ) -> [Double] {
    let radius = Int(truncation * sigma + 0.5)
    guard radius > 0 else { return plane }
    let weights = gaussianWeights(sigma: sigma, at: -radius...radius)
    var columns = plane
    for row in 0..<side {
      for column in 0..<side {
        var sum = 0.0
        for tap in weights.indices {
          sum += weights[tap] * plane[border.index(row + tap - radius, side) * side + column]
        }
        columns[row * side + column] = sum
      }
    }
    var filtered = columns
    for row in 0..<side {
      for column in 0..<side {
        var sum = 0.0
        for tap in weights.indices {
          sum += weights[tap] * columns[row * side + border.index(column + tap - radius, side)]
        }
        filtered[row * side + column] = sum
      }
    }
    return filtered
  }

  /// Correlates a plane with a sparse filter: each pixel becomes a weighted sum of its neighbors.
  static func correlated(_ plane: [Double], side: Int, _ taps: [Tap], _ border: Border) -> [Double] {
    var result = [Double](repeating: 0, count: plane.count)
    for tap in taps {
      for row in 0..<side {
        let line = border.index(row + tap.down, side) * side
        for column in 0..<side {
          result[row * side + column] += tap.weight * plane[line + border.index(column + tap.right, side)]
        }
      }
    }
    return result
  }

  /// Returns the defocus filter: a disk of the given radius in pixels, smoothed by a Gaussian.
  ///
  /// For radii up to 8 the filter has 17×17 pixels and the Gaussian 3×3; for larger ones the Gaussian has 5×5. Elements
  /// of weight 0 are left out.
  static func disk(radius: Double, sigma: Double) -> [Tap] {
    let (reach, smoothing) = radius <= 8 ? (8, 1) : (Int(radius), 2)
    let side = 2 * reach + 1
    var disk = (0..<side * side).map { pixel -> Double in
      let (x, y) = (Double(pixel % side - reach), Double(pixel / side - reach))
      return x * x + y * y <= radius * radius ? 1 : 0
    }
    let area = disk.reduce(0, +)
    disk = disk.map { weight in weight / area }
    let weights = gaussianWeights(sigma: sigma, at: -smoothing...smoothing)
    let taps = weights.indices.flatMap { down in
      weights.indices.map { right in
        Tap(right: right - smoothing, down: down - smoothing, weight: weights[down] * weights[right])
      }
    }
    let smooth = correlated(disk, side: side, taps, .mirrored)
    return smooth.indices.filter { pixel in smooth[pixel] > 0 }.map { pixel in
      Tap(right: pixel % side - reach, down: pixel / side - reach, weight: smooth[pixel])
    }
  }

  /// Returns the motion filter: half a Gaussian along a line in the given direction.
  ///
  /// The line has 2 · radius + 1 elements, rounded to whole pixels as by ImageMagick's `-motion-blur`.
  static func line(radius: Int, sigma: Double, degrees: Double) -> [Tap] {
    let radians = degrees * .pi / 180
    return gaussianWeights(sigma: sigma, at: 0...2 * radius).enumerated().map { place, weight in
      Tap(
        right: Int((Double(place) * cos(radians) - 0.5).rounded(.up)),
        down: Int((Double(place) * sin(radians) - 0.5).rounded(.up)), weight: weight)
    }
  }
}
