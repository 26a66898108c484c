/// The anchors and positives of a global batch, determined by the classes, the order of views and the variant of the
/// loss.
///
/// With a limit (``LossVariant/positivesCap``), let m be the limit in samples, and number the samples of a class in the
/// order of the batch from 0. Row j is a positive of row i ≠ j if both have the same class and j's number is below m or
/// equal to max(m, i's number). These are the first m samples of the class and one more: i's own sample or, if that is
/// among the first m, sample m. The relation is not symmetric.
///
/// Prototypes (``LossVariant/hasPrototypes``), the last rows, are positives whatever the limit.
struct LossPairs {
  let variant: LossVariant
  /// The class of each row of the global batch.
  let classes: RowClasses
  /// The index of each row's sample within its class.
  let sampleNumbers: [Int32]
  /// The limit m of positives, in samples; larger than all indices of samples if there is no limit.
  let keptSamples: Int32
  /// The number of anchors, M in the formulas.
  let anchorCount: Int

  private let rowOrder: RowOrder
  /// The number |P(i)| of positives by class; 0 for classes without anchors.
  private let positiveCounts: [Int]

  /// The number of rows that are views of samples; prototypes follow them.
  private let viewCount: Int

  /// Creates the pairs of a batch whose last `prototypeCount` rows are prototypes.
  init(_ classes: RowClasses, prototypeCount: Int = 0, rowOrder: RowOrder, variant: LossVariant) {
    self.classes = classes
    self.rowOrder = rowOrder
    let viewCount = classes.rowCount - prototypeCount
    self.viewCount = viewCount
    self.variant = variant
    keptSamples = variant.positivesCap.map { cap in Int32(cap / rowOrder.views) } ?? .max
    positiveCounts = variant.positiveCounts(classSizes: classes.counts, views: rowOrder.views)
    var numberOfSample = [Int32](repeating: -1, count: viewCount / rowOrder.views)
    var next = [Int32](repeating: 0, count: classes.counts.count)
    sampleNumbers = classes.classOfRow.enumerated().map { row, classNumber in
      // Below any limit, so that a prototype is a positive of all anchors of its class.
      guard row < viewCount else { return -1 }
      let sample = rowOrder.sample(ofRow: row)
      if numberOfSample[sample] < 0 {
        numberOfSample[sample] = next[Int(classNumber)]
        next[Int(classNumber)] += 1
      }
      return numberOfSample[sample]
    }
    anchorCount = variant.anchorCount(classSizes: classes.counts, views: rowOrder.views)
  }

  /// Returns the number |P(i)| of positives of an anchor; 0 for rows that are not anchors.
  func positiveCount(ofRow row: Int) -> Int {
    row >= viewCount || (variant.anchors == .one && rowOrder.view(ofRow: row) > 0)
      ? 0 : positiveCounts[Int(classes.classOfRow[row])]
  }
}

extension LossVariant {
  /// Returns, for each class, the number of positives of an anchor; 0 for classes whose rows are not anchors.
  func positiveCounts(classSizes: [Int], views: Int) -> [Int] {
    let rowCount = classSizes.reduce(0, +)
    return classSizes.map { count in
      denominator == .onlyNegatives && count == rowCount ? 0 : positiveCount(ofClassWith: count, views: views)
    }
  }

  /// Returns the number of anchors of a batch, M in the formulas.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class, with its prototype if there is one.
  ///   - views: The number of rows (views) of one sample.
  /// - Returns: M; 0 if no row has a positive or, with only negatives in the denominators, no row has a negative.
  public func anchorCount(classSizes: [Int], views: Int) -> Int {
    anchorCounts(classSizes: classSizes, views: views).reduce(0, +)
  }

  /// Returns the number of anchors of each class.
  func anchorCounts(classSizes: [Int], views: Int) -> [Int] {
    zip(classSizes, positiveCounts(classSizes: classSizes, views: views)).map { count, positives in
      let viewCount = viewCount(ofClassWith: count)
      return positives > 0 ? (anchors == .one ? viewCount / views : viewCount) : 0
    }
  }
}
