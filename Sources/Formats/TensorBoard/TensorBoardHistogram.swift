/// A TensorBoard histogram with buckets of equal width between the smallest and the largest value.
public struct TensorBoardHistogram: Sendable, Equatable {
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double
  /// The number of values.
  public let count: Int
  /// The sum of the values.
  public let sum: Double
  /// The sum of the squares of the values.
  public let squareSum: Double
  /// The upper limits of the buckets, ascending; the last is at least the maximum.
  public let limits: [Double]
  /// The number of values in each bucket.
  public let counts: [Double]

  /// Counts the values in each bucket; NaN and infinity are ignored.
  ///
  /// - Parameters:
  ///   - values: The values.
  ///   - bucketCount: The number of buckets.
  public init(of values: some Sequence<Float>, bucketCount: Int = 30) {
    precondition(bucketCount > 0, "\(bucketCount) buckets")
    let values = values.filter(\.isFinite).map(Double.init)
    let (least, most) = (values.min() ?? 0, values.max() ?? 0)
    // If all values are equal, the buckets span a width of 1 around them.
    let width = most > least ? (most - least) / Double(bucketCount) : 1 / Double(bucketCount)
    let start = most > least ? least : least - 0.5
    var counts = [Double](repeating: 0, count: bucketCount)
    for value in values {
      counts[min(max(Int((value - start) / width), 0), bucketCount - 1)] += 1
    }
    minimum = least
    maximum = most
    count = values.count
    sum = values.reduce(0, +)
    squareSum = values.reduce(0) { sum, value in sum + value * value }
    limits = (1...bucketCount).map { bucket in
      bucket == bucketCount ? max(most, start + width * Double(bucket)) : start + width * Double(bucket)
    }
    self.counts = counts
  }

  /// The histogram as a HistogramProto message.
  var message: ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, minimum)
    message.add(2, maximum)
    message.add(3, Double(count))
    message.add(4, sum)
    message.add(5, squareSum)
    message.add(6, packed: limits)
    message.add(7, packed: counts)
    return message
  }
}
