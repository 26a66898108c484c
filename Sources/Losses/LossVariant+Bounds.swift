import Glibc

extension LossVariant {
  /// Returns the loss if all embeddings are equal, with the constant factor g = 1.
  ///
  /// It is the mean over anchors of ln |D|, where |D| is the number of terms in a denominator: ln(N − 1) if all other
  /// rows are in the denominators. A loss that stays at exactly this value means collapse.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class, with its prototype if there is one.
  ///   - views: The number of rows (views) of one sample.
  /// - Returns: The value; 0 for a batch without anchors or with fewer than two rows.
  public func collapseValue(classSizes: [Int], views: Int) -> Double {
    guard anchorCount(classSizes: classSizes, views: views) > 0 else { return 0 }
    return denominator == .all && positivesCap == nil
      ? LossBound.collapseValue(rowCount: classSizes.reduce(0, +))
      : meanOverAnchors(classSizes: classSizes, views: views, exponent: 0)
  }

  /// Returns a lower bound of the loss for these class sizes over all embeddings of any width, with the constant factor
  /// g = 1.
  ///
  /// With all rows as anchors and in the denominators and no limit of positives, it is
  /// ``LossBound/lowerBound(counts:temperature:)``. Otherwise, with ν_i = ln Σ_n e^{s_in} over the negatives n, and e_i
  /// for the positives in a denominator (|P|, e^−ε, or 0 for negatives only),
  ///
  ///     L_i ≥ ln( e_i + e^{ν_i − 1/τ} )
  ///
  /// for sums outside the logarithm because the function is convex in the positives' mean (Jensen), inside because it
  /// decreases with every positive's similarity. Then s_in ≥ −1/τ gives one bound. If all rows are anchors, the mean of
  /// ν_i has a bound by ``meanNegativesBound(classSizes:temperature:)``, and ln(e + e^x) ≥ (1−λ) ln e + λx + H(λ) for
  /// every λ gives another: ln(geometric mean of e_i + e^{mean − 1/τ}). The larger one is returned. With two or more
  /// classes of equal size and all rows as anchors it is attained at the vertices of a simplex, as far as is known;
  /// otherwise, and with prototypes, the minimum of the loss can be larger by several nats.
  ///
  /// - Parameters:
  ///   - classSizes: The number of rows of each class, with its prototype if there is one.
  ///   - views: The number of rows (views) of one sample.
  ///   - temperature: The temperature τ.
  /// - Returns: The bound; 0 for a batch without anchors.
  public func lowerBound(classSizes: [Int], views: Int, temperature: Double) -> Double {
    if denominator == .all, positivesCap == nil, anchors == .all, !hasPrototypes {
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

  /// Returns a lower bound of the mean over all rows of ν_i = ln Σ_n e^{s_in}; `nil` if a class has half of the rows or
  /// more.
  ///
  /// For any distribution r over the negatives, ν_i ≥ Σ_n r_n s_in + H(r). With r_n = u_c u_c' for a row of class c and
  /// a negative of class c', and weights u such that every row's r sums to 1, the sum over rows is (‖Σ_c u_c C_c‖² −
  /// Σ_c u_c² ‖C_c‖²)/τ with the class sums C_c of the embeddings, which is at least −Σ_c u_c² n_c²/τ.
  private static func meanNegativesBound(classSizes: [Int], temperature: Double) -> Double? {
    let sizes = classSizes.map(Double.init)
    let rowCount = sizes.reduce(0, +)
    guard let largest = sizes.max(), 2 * largest < rowCount else { return nil }
    // The sum of a row's r is u_c (S − n_c u_c); dividing by its square root corrects the weight.
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
    // If a class has almost half of the rows, the iteration converges too slowly.
    guard worst < 1e-9 else { return nil }
    let logSum = zip(sizes, weights).reduce(0) { sum, entry in sum + entry.0 * entry.1 * log(entry.1) }
    var total = 0.0
    for (size, weight) in zip(sizes, weights) {
      let entropy = -log(weight) - weight * (logSum - size * weight * log(weight))
      total += size * entropy - weight * weight * size * size / temperature
    }
    return total / rowCount
  }

  /// Returns the mean over anchors of ln(e + |N| e^−exponent), where e is the positives' part of a denominator.
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
