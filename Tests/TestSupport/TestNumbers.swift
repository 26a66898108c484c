import Foundation

/// Reproducible numbers for tests (SplitMix64), independent of the generator under test.
public struct TestNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A sequence of its own for each seed.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A number from [0, 1).
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A normally distributed number (Box and Muller).
  public mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

/// Pearson's statistic of observed counts against equal expected ones.
///
/// About as large as its degrees of freedom, `counts.count` − 1, if they agree.
public func chiSquare(_ counts: [Int]) -> Double {
  let expected = Double(counts.reduce(0, +)) / Double(counts.count)
  return counts.reduce(0) { sum, count in
    let difference = Double(count) - expected
    return sum + difference * difference / expected
  }
}

/// An upper limit of Pearson's χ² statistic: mean + 4 standard deviations + 8 for its skewness.
public func chiSquareLimit(degreesOfFreedom: Int) -> Double {
  let degrees = Double(degreesOfFreedom)
  return degrees + 4 * (2 * degrees).squareRoot() + 8
}
