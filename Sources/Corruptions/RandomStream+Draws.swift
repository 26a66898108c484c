import Glibc
import KeyedRandomness

extension RandomStream {
  /// Draws a uniform number between `low` and `high`.
  mutating func nextFraction(from low: Double, to high: Double) -> Double { low + (high - low) * nextFraction() }

  /// Draws standard normal numbers, two from each pair of uniform numbers (Box and Muller 1958).
  mutating func nextNormals(_ count: Int) -> [Double] {
    var normals: [Double] = []
    normals.reserveCapacity(count + 1)
    while normals.count < count {
      let length = (-2 * log(nextFraction())).squareRoot()
      let angle = 2 * .pi * nextFraction()
      normals.append(length * cos(angle))
      normals.append(length * sin(angle))
    }
    return Array(normals.prefix(count))
  }
}

/// Poisson distributions, one for each 8-bit pixel value.
struct PoissonTable {
  /// The cumulative probabilities P(count ≤ k), by pixel value and k.
  private let cumulative: [[Double]]

  /// Tabulates the distributions; the mean count is proportional to the pixel value, and `full` at 255.
  init(full: Double) {
    cumulative = (0..<256).map { level in
      let mean = Double(level) / 255 * full
      var (probability, sum) = (exp(-mean), exp(-mean))
      var sums = [sum]
      // Beyond, less than one count in 2⁵⁰ is expected.
      while sum < 1 - 0x1p-50, Double(sums.count) < mean + 20 * (mean.squareRoot() + 1) {
        probability *= mean / Double(sums.count)
        sum += probability
        sums.append(sum)
      }
      return sums
    }
  }

  /// Returns the count for a uniform number `fraction`: the smallest k with P(count ≤ k) ≥ `fraction`.
  func count(level: UInt8, fraction: Double) -> Int {
    let sums = cumulative[Int(level)]
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      (low, high) = sums[middle] >= fraction ? (low, middle) : (middle + 1, high)
    }
    return low
  }
}
