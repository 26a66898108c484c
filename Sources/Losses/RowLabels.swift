/// The classes of the rows of a shard: one a row, or two with weights where rows mix samples.
public struct RowLabels: Sendable, Equatable {
  /// The class of each row, or the first of two.
  public let labels: [Int32]
  /// The second class of each row; empty where rows have one.
  private let others: [Int32]
  /// The weight λ of each row's first class, from 0 to 1; empty where rows have one.
  private let shares: [Double]

  /// One class for each row.
  public init(_ labels: [Int32]) {
    self.labels = labels
    (others, shares) = ([], [])
  }

  /// Two classes for each row.
  ///
  /// - Precondition: As many of each, and every share is from 0 to 1.
  public init(_ labels: [Int32], others: [Int32], shares: [Double]) {
    precondition(
      labels.count == others.count && labels.count == shares.count,
      "\(labels.count) labels, \(others.count) others and \(shares.count) shares")
    precondition(shares.allSatisfy((0...1).contains), "a share outside 0…1")
    self.labels = labels
    self.others = others
    self.shares = shares
  }

  /// The number of rows.
  public var count: Int { labels.count }

  /// The two classes of a row and the weight of the first; 1 for a row of one class.
  public func mixture(ofRow row: Int) -> (label: Int, other: Int, share: Double) {
    shares.isEmpty ? (Int(labels[row]), Int(labels[row]), 1) : (Int(labels[row]), Int(others[row]), shares[row])
  }

  /// The class with the larger weight.
  public func mainLabel(ofRow row: Int) -> Int {
    let (label, other, share) = mixture(ofRow: row)
    return share >= 0.5 ? label : other
  }

  /// t of a row's class.
  @inline(__always)
  func target(ofRow row: Int, _ index: Int) -> Double {
    let (label, other, share) = mixture(ofRow: row)
    return (index == label ? share : 0) + (index == other ? 1 - share : 0)
  }
}
