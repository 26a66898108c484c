/// Which rows of a global batch are anchors, and of whom: what a mode makes of the classes and the views.
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
  /// How many rows are anchors, M in the formulas.
  let anchorCount: Int

  private let layout: ViewLayout
  /// |P(i)| by class, 0 for classes without anchors.
  private let positiveCounts: [Int]

  init(_ classes: RowClasses, layout: ViewLayout, mode: LossMode) {
    self.classes = classes
    self.layout = layout
    self.mode = mode
    keptSamples = mode.positivesCap.map { cap in Int32(cap / layout.views) } ?? .max
    positiveCounts = mode.positiveCounts(classSizes: classes.counts, views: layout.views)
    var numberOfSample = [Int32](repeating: -1, count: classes.rowCount / layout.views)
    var next = [Int32](repeating: 0, count: classes.counts.count)
    sampleNumbers = classes.classOfRow.enumerated().map { row, classNumber in
      let sample = layout.sample(ofRow: row)
      if numberOfSample[sample] < 0 {
        numberOfSample[sample] = next[Int(classNumber)]
        next[Int(classNumber)] += 1
      }
      return numberOfSample[sample]
    }
    anchorCount = mode.anchorCount(classSizes: classes.counts, views: layout.views)
  }

  /// |P(i)| of an anchor, 0 for rows that are none.
  func positiveCount(ofRow row: Int) -> Int {
    mode.anchors == .one && layout.view(ofRow: row) > 0 ? 0 : positiveCounts[Int(classes.classOfRow[row])]
  }
}

extension LossMode {
  /// How many positives an anchor of each class has, 0 for classes whose rows are no anchors.
  func positiveCounts(classSizes: [Int], views: Int) -> [Int] {
    let rowCount = classSizes.reduce(0, +)
    return classSizes.map { count in
      denominator == .onlyNegatives && count == rowCount ? 0 : positiveCount(ofClassWith: count, views: views)
    }
  }

  /// How many rows of a batch are anchors, M in the formulas.
  ///
  /// - Parameters:
  ///   - classSizes: How many rows each class has.
  ///   - views: How many of them belong to one sample.
  /// - Returns: M; 0 if no row has a positive, or with negatives alone in the denominators no row a negative.
  public func anchorCount(classSizes: [Int], views: Int) -> Int {
    anchorCounts(classSizes: classSizes, views: views).reduce(0, +)
  }

  /// How many anchors each class has.
  func anchorCounts(classSizes: [Int], views: Int) -> [Int] {
    zip(classSizes, positiveCounts(classSizes: classSizes, views: views)).map { count, positives in
      positives > 0 ? (anchors == .one ? count / views : count) : 0
    }
  }
}
