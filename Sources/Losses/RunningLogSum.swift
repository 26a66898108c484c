import Glibc

/// The logarithm of a sum of exponentials, accumulated one line (row of a tile) after another.
///
/// The largest exponent so far is subtracted before exponentiation, so that nothing overflows or underflows at any
/// temperature.
struct RunningLogSum<Scalar: TileArithmetic> {
  private var maximum = -Scalar.infinity
  private var sum = 0.0

  /// Adds e^x to the sum for every element x of a line; −∞ adds nothing.
  @inline(__always)
  mutating func add(_ line: UnsafePointer<Scalar>, count: Int) {
    let largest = unsafe Scalar.largest(line, count: count, atLeast: maximum)
    // A line that contains only −∞ adds nothing.
    if largest == -.infinity {
      return
    }
    let lineSum = unsafe Scalar.exponentialSum(line, count: count, minus: largest)
    sum *= exp(Double(maximum) - Double(largest))
    sum += lineSum
    maximum = largest
  }

  /// The logarithm of the sum so far; −∞ if the sum is zero.
  @inline(__always)
  var value: Double { Double(maximum) + log(sum) }
}
