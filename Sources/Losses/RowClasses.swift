/// The classes of the rows of a global batch; rows of one class are positives of each other.
public struct RowClasses: Sendable {
  /// The class of each row, numbered from 0 in the order of first appearance.
  public let classOfRow: [Int32]

  /// The number of rows of each class.
  public let counts: [Int]

  /// Creates the classes of rows from their labels, which may be any values.
  public init<Label: Hashable>(labels: [Label]) {
    var numbers: [Label: Int32] = [:]
    var counts: [Int] = []
    classOfRow = labels.map { label in
      let number = numbers[label] ?? Int32(numbers.count)
      if Int(number) == counts.count {
        numbers[label] = number
        counts.append(0)
      }
      counts[Int(number)] += 1
      return number
    }
    self.counts = counts
  }

  /// Creates the classes of rows from their labels; each row with the ignored label is a class of its own and so has no
  /// positive.
  public init(labels: [Int64], ignoring ignored: Int64?) {
    self.init(
      labels: labels.enumerated().map { row, label in RowLabel(label: label, row: label == ignored ? row : nil) })
  }

  /// Creates the classes of SimCLR, in which each sample is a class of its own; the rows are view 0 of all samples,
  /// then view 1, and so on.
  ///
  /// - Precondition: `rowCount` is a multiple of `views`.
  public init(rowCount: Int, views: Int) {
    precondition(rowCount.isMultiple(of: views), "\(rowCount) rows are no multiple of \(views) views")
    let samples = rowCount / views
    self.init(labels: (0..<rowCount).map { row in row % samples })
  }

  /// The number of rows of the batch.
  public var rowCount: Int { classOfRow.count }
}

/// A label that also contains the row's index if it is the ignored label, so that each ignored row becomes a class of
/// its own.
private struct RowLabel: Hashable {
  var label: Int64
  var row: Int?
}
