import Glibc
import KeyedRandomness

extension RandomStream {
  /// Draws a uniform number from the open interval (0, 1) with 32 random bits.
  mutating func nextFraction() -> Double { (Double(nextWord()) + 0.5) * 0x1p-32 }

  /// Draws a uniform number between `low` and `high`.
  mutating func nextFraction(from low: Double, to high: Double) -> Double { low + (high - low) * nextFraction() }

  /// Standard normal deviates, two from each pair of uniform numbers (Box and Muller 1958).
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

/// Poisson distributions, one for each level of an image.
struct PoissonTable {
  /// The probability of at most k, by level and k.
  private let cumulative: [[Double]]

  /// Tabulates the distributions of counts whose mean at level 255 is `full`.
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

  /// Returns the count of a level: the smallest that as large a share as `fraction` does not exceed.
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
