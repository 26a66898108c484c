import Glibc

extension LossMode {
  /// The loss when all embeddings are equal, for scale 1: the mean over anchors of ln |D|, with |D| terms in an anchor's denominators.
  ///
  /// ln(N − 1) where all other rows are in them. A loss that stays exactly here means collapse, not chance.
  ///
  /// - Parameters:
  ///   - classSizes: How many rows each class has.
  ///   - views: How many of them belong to one sample.
  /// - Returns: The value; 0 for a batch without anchors, or of fewer than two rows.
  public func collapseValue(classSizes: [Int], views: Int) -> Double {
    denominator == .all && positivesCap == nil
      ? LossBound.collapseValue(rowCount: classSizes.reduce(0, +))
      : meanOverAnchors(classSizes: classSizes, views: views, exponent: 0)
  }

  /// What the loss cannot fall below for these classes, whatever the embeddings and their width, for scale 1.
  ///
  /// Without a cap, with all rows as anchors and in the denominators, it is ``LossBound/lowerBound(counts:temperature:)``. Otherwise, with
  /// e = 1 the term of the one positive, |P| those of all, or 0 for negatives alone, every summand obeys
  ///
  ///     L_i ≥ ln( e + Σ_n e^{s_in − 1/τ} )
  ///
  /// outside because the function is convex in the positives' mean (Jensen), inside because it falls with every positive's similarity.
  /// s_in ≥ −1/τ gives the bound of a class pair. Where all rows are anchors and all classes of one size, ln Σ_n e^{s_in} ≥
  /// ln |N| + mean_n s_in, and ‖Σ_j z_j‖² ≥ 0 leaves −1/((K−1)τ) for the mean over anchors of that mean, as at the vertices of a simplex
  /// of K classes; the function is convex in it.
  ///
  /// - Parameters:
  ///   - classSizes: How many rows each class has.
  ///   - views: How many of them belong to one sample.
  ///   - temperature: τ.
  /// - Returns: The bound; 0 for a batch without anchors.
  public func lowerBound(classSizes: [Int], views: Int, temperature: Double) -> Double {
    if denominator == .all, positivesCap == nil, anchors == .all {
      return LossBound.lowerBound(counts: classSizes, temperature: temperature)
    }
    let isBalanced = anchors == .all && classSizes.allSatisfy { count in count == classSizes[0] }
    let classCount = Double(classSizes.count)
    let exponent = isBalanced && classCount > 1 ? classCount / (classCount - 1) : 2
    return meanOverAnchors(classSizes: classSizes, views: views, exponent: exponent / temperature)
  }

  /// The mean over anchors of ln(e + |N| e^−exponent), with e the positives' terms in a denominator.
  private func meanOverAnchors(classSizes: [Int], views: Int, exponent: Double) -> Double {
    let rowCount = classSizes.reduce(0, +)
    let positiveCounts = positiveCounts(classSizes: classSizes, views: views)
    let anchorCounts = anchorCounts(classSizes: classSizes, views: views)
    var sum = 0.0
    for (index, count) in classSizes.enumerated() where anchorCounts[index] > 0 {
      let negatives = Double(rowCount - count)
      let value =
        switch denominator {
        case .all: log(Double(positiveCounts[index]) + negatives * exp(-exponent))
        case .onePositive: log1p(negatives * exp(-exponent))
        case .onlyNegatives: log(negatives) - exponent
        }
      sum += Double(anchorCounts[index]) * value
    }
    return sum / Double(max(anchorCounts.reduce(0, +), 1))
  }
}
