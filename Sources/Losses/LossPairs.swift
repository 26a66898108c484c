/// Anchors and their positives in a global batch, from the classes, the views and the mode.
///
/// With m samples kept by the cap, and samples numbered within their class in the order of the batch, row j is a positive of row i ≠ j if
/// both have one class and j's number is below m or equal to max(m, i's number): the first m of the class, and one more, which is i's own
/// sample, or the one that takes its place where that is among the first. The relation need not hold the other way round.
struct LossPairs {
  let mode: LossMode
  /// The class of each row.
  let classes: RowClasses
  /// The number of each row's sample within its class.
  let sampleNumbers: [Int32]
  /// m, beyond all numbers without a cap.
  let keptSamples: Int32
  /// The number of anchors, M in the formulas.
  let anchorCount: Int

  private let rowOrder: RowOrder
  /// |P(i)| by class, 0 for classes without anchors.
  private let positiveCounts: [Int]

  init(_ classes: RowClasses, rowOrder: RowOrder, mode: LossMode) {
    self.classes = classes
    self.rowOrder = rowOrder
    self.mode = mode
    keptSamples = mode.positivesCap.map { cap in Int32(cap / rowOrder.views) } ?? .max
    positiveCounts = mode.positiveCounts(classSizes: classes.counts, views: rowOrder.views)
    var numberOfSample = [Int32](repeating: -1, count: classes.rowCount / rowOrder.views)
    var next = [Int32](repeating: 0, count: classes.counts.count)
    sampleNumbers = classes.classOfRow.enumerated().map { row, classNumber in
      let sample = rowOrder.sample(ofRow: row)
      if numberOfSample[sample] < 0 {
        numberOfSample[sample] = next[Int(classNumber)]
        next[Int(classNumber)] += 1
      }
      return numberOfSample[sample]
    }
    anchorCount = mode.anchorCount(classSizes: classes.counts, views: rowOrder.views)
  }

  /// |P(i)| of an anchor, 0 for rows that are none.
  func positiveCount(ofRow row: Int) -> Int {
    mode.anchors == .one && rowOrder.view(ofRow: row) > 0 ? 0 : positiveCounts[Int(classes.classOfRow[row])]
  }
}

extension LossMode {
  /// The number of positives of an anchor of each class, 0 for classes whose rows are not anchors.
  func positiveCounts(classSizes: [Int], views: Int) -> [Int] {
    let rowCount = classSizes.reduce(0, +)
    return classSizes.map { count in
      denominator == .onlyNegatives && count == rowCount ? 0 : positiveCount(ofClassWith: count, views: views)
    }
  }

  /// The number of anchors of a batch, M in the formulas.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class.
  ///   - views: The number of rows of one sample.
  /// - Returns: M; 0 if no row has a positive, or with negatives alone in the denominators no row a negative.
  public func anchorCount(classSizes: [Int], views: Int) -> Int {
    anchorCounts(classSizes: classSizes, views: views).reduce(0, +)
  }

  /// The number of anchors of each class.
  func anchorCounts(classSizes: [Int], views: Int) -> [Int] {
    zip(classSizes, positiveCounts(classSizes: classSizes, views: views)).map { count, positives in
      positives > 0 ? (anchors == .one ? count / views : count) : 0
    }
  }
}
