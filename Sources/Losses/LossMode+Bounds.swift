import Glibc

extension LossMode {
  /// The loss when all embeddings are equal, for scale 1: the mean over anchors of ln |D|, with |D| terms in an anchor's denominators.
  ///
  /// ln(N − 1) where all other rows are in them. A loss that stays exactly here means collapse, not chance.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class.
  ///   - views: The number of rows of one sample.
  /// - Returns: The value; 0 for a batch without anchors, or of fewer than two rows.
  public func collapseValue(classSizes: [Int], views: Int) -> Double {
    guard anchorCount(classSizes: classSizes, views: views) > 0 else { return 0 }
    return denominator == .all && positivesCap == nil
      ? LossBound.collapseValue(rowCount: classSizes.reduce(0, +))
      : meanOverAnchors(classSizes: classSizes, views: views, exponent: 0)
  }

  /// A lower bound of the loss for these classes over all embeddings of any width, for scale 1.
  ///
  /// Without a cap, with all rows as anchors and in the denominators, it is ``LossBound/lowerBound(counts:temperature:)``. Otherwise, with
  /// ν_i = ln Σ_n e^{s_in} and e_i for the positives in a denominator (|P|, e^−ε, or 0 for negatives only),
  ///
  ///     L_i ≥ ln( e_i + e^{ν_i − 1/τ} )
  ///
  /// outside because the function is convex in the positives' mean (Jensen), inside because it falls with every positive's similarity.
  /// From there s_in ≥ −1/τ gives one bound. Where all rows are anchors, the mean of ν_i has a bound by
  /// ``meanNegativesBound(classSizes:temperature:)``, and ln(e + e^x) ≥ (1−λ) ln e + λx + H(λ) for every λ gives another:
  /// ln(geometric mean of e_i + e^{mean − 1/τ}). The larger one is returned. It is attained where ``isLowerBoundTight(classSizes:views:)``,
  /// at the vertices of a simplex; elsewhere the minimum can be larger by several nats.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class.
  ///   - views: The number of rows of one sample.
  ///   - temperature: τ.
  /// - Returns: The bound; 0 for a batch without anchors.
  public func lowerBound(classSizes: [Int], views: Int, temperature: Double) -> Double {
    if denominator == .all, positivesCap == nil, anchors == .all {
      return LossBound.lowerBound(counts: classSizes, temperature: temperature)
    }
    let byRow = meanOverAnchors(classSizes: classSizes, views: views, exponent: 2 / temperature)
    let rowCount = classSizes.reduce(0, +)
    guard anchorCount(classSizes: classSizes, views: views) == rowCount,
      let mean = Self.meanNegativesBound(classSizes: classSizes, temperature: temperature)
    else { return byRow }
    let exponent = mean - 1 / temperature
    switch denominator {
    case .onlyNegatives: return max(byRow, exponent)
    case .onePositive: return max(byRow, log(exp(-margin) + exp(exponent)))
    case .all:
      let positiveCounts = positiveCounts(classSizes: classSizes, views: views)
      let logSum = zip(classSizes, positiveCounts).reduce(0) { sum, entry in
        sum + Double(entry.0) * log(Double(entry.1))
      }
      return max(byRow, log(exp(logSum / Double(rowCount)) + exp(exponent)))
    }
  }

  /// True if ``lowerBound(classSizes:views:temperature:)`` is known to be attained by some embeddings of sufficient width.
  ///
  /// That is so for two or more classes of one size with all rows as anchors. Otherwise the bound is valid but may be loose: with one anchor
  /// per sample, and with classes of different sizes, most of all where denominators sum negatives only. A report of it should say so.
  public func isLowerBoundTight(classSizes: [Int], views: Int) -> Bool {
    Set(classSizes).count == 1 && classSizes.count > 1
      && anchorCount(classSizes: classSizes, views: views) == classSizes.reduce(0, +)
  }

  /// A lower bound of the mean over all rows of ν_i = ln Σ_n e^{s_in}; `nil` where a class has half of the rows or more.
  ///
  /// For any distribution r over the negatives, ν_i ≥ Σ_n r_n s_in + H(r). With r_n = u_c u_c' for a row of class c and one of c', the
  /// weights chosen so that every row's sum is 1, the sum over rows leaves (‖Σ_c u_c C_c‖² − Σ_c u_c² ‖C_c‖²)/τ of the class sums C_c,
  /// which is at least −Σ_c u_c² n_c²/τ.
  private static func meanNegativesBound(classSizes: [Int], temperature: Double) -> Double? {
    let sizes = classSizes.map(Double.init)
    let rowCount = sizes.reduce(0, +)
    guard let largest = sizes.max(), 2 * largest < rowCount else { return nil }
    // A row's sum is u_c (S − n_c u_c); its square root divides what was too large by as much.
    var weights = sizes.map { size in 1 / (rowCount - size).squareRoot() }
    var worst = Double.infinity
    for _ in 0..<500 {
      let sum = zip(sizes, weights).reduce(0) { sum, entry in sum + entry.0 * entry.1 }
      worst = 0
      for index in weights.indices {
        let rowSum = weights[index] * (sum - sizes[index] * weights[index])
        worst = max(worst, abs(rowSum - 1))
        weights[index] /= rowSum.squareRoot()
      }
      if worst < 1e-13 {
        break
      }
    }
    // A class of nearly half of the rows is approached too slowly.
    guard worst < 1e-9 else { return nil }
    let logSum = zip(sizes, weights).reduce(0) { sum, entry in sum + entry.0 * entry.1 * log(entry.1) }
    var total = 0.0
    for (size, weight) in zip(sizes, weights) {
      let entropy = -log(weight) - weight * (logSum - size * weight * log(weight))
      total += size * entropy - weight * weight * size * size / temperature
    }
    return total / rowCount
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
        case .onePositive: log(exp(-margin) + negatives * exp(-exponent))
        case .onlyNegatives: log(negatives) - exponent
        }
      sum += Double(anchorCounts[index]) * value
    }
    return sum / Double(max(anchorCounts.reduce(0, +), 1))
  }
}
