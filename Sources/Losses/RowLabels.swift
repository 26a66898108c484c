/// The labels of the rows (views) of a shard: a class per row, or two weighted classes with mixup or CutMix.
///
/// A shard is a fixed part of the global batch.
public struct RowLabels: Sendable, Equatable {
  /// The class of each row, or the first of its two classes.
  public let labels: [Int32]
  /// The second class of each row; empty if rows have one class.
  private let others: [Int32]
  /// The weight λ of each row's first class, from 0 to 1; empty if rows have one class.
  private let mixingWeights: [Double]

  /// Creates labels with one class per row.
  public init(_ labels: [Int32]) {
    self.labels = labels
    (others, mixingWeights) = ([], [])
  }

  /// Creates labels with two classes per row.
  ///
  /// - Precondition: The three arrays have the same length, and every mixing weight is from 0 to 1.
  public init(_ labels: [Int32], others: [Int32], mixingWeights: [Double]) {
    precondition(
      labels.count == others.count && labels.count == mixingWeights.count,
      "\(labels.count) labels, \(others.count) second labels and \(mixingWeights.count) mixing weights")
    precondition(mixingWeights.allSatisfy((0...1).contains), "a mixing weight outside 0…1")
    self.labels = labels
    self.others = others
    self.mixingWeights = mixingWeights
  }

  /// The number of rows.
  public var count: Int { labels.count }

  /// Returns the two classes of a row and the weight of the first, which is 1 for a row of one class.
  public func mixture(ofRow row: Int) -> (label: Int, other: Int, mixingWeight: Double) {
    mixingWeights.isEmpty
      ? (Int(labels[row]), Int(labels[row]), 1) : (Int(labels[row]), Int(others[row]), mixingWeights[row])
  }

  /// Returns the class that has the larger weight in a row.
  public func mainLabel(ofRow row: Int) -> Int {
    let (label, other, mixingWeight) = mixture(ofRow: row)
    return mixingWeight >= 0.5 ? label : other
  }

  /// Returns the target probability t of class `index` for a row, before label smoothing.
  @inline(__always)
  func target(ofRow row: Int, _ index: Int) -> Double {
    let (label, other, mixingWeight) = mixture(ofRow: row)
    return (index == label ? mixingWeight : 0) + (index == other ? 1 - mixingWeight : 0)
  }
}
