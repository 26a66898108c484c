import Glibc

/// Reference values of the loss of a batch, computed from the number of rows of each class.
public enum LossBound {
  /// Returns the loss if all embeddings are equal: ln(N − 1).
  ///
  /// A loss that stays at exactly this value means collapsed embeddings. 0 for a batch of fewer than two rows.
  public static func collapseValue(rowCount: Int) -> Double {
    rowCount > 1 ? log(Double(rowCount - 1)) : 0
  }

  /// Returns a lower bound of L_out (and L_in) over all embeddings of any width, with the constant factor g = 1.
  ///
  /// For any distribution r over the other rows, ℓ_i ≥ Σ_a r_a s_ia + H(r). With r = β on every negative and the rest
  /// divided equally among the positives, and one β for the whole batch, the sum over anchors is a function of β and
  /// the class counts only:
  ///
  ///     (1/N_A) [ −(β/τ)(N·N_A + N_S²/4) + Σ_{c: n_c ≥ 2} n_c H_c(β) ],
  ///     H_c = −(1−q) ln(1−q) + (1−q) ln(n_c−1) − q ln β,  q = β (N − n_c),
  ///
  /// with N_A anchors that have a positive and N_S rows that have none. It is concave in β, and its maximum is the
  /// bound. For classes of equal size the bound is tight: the classes are at the vertices of a regular simplex (Graf
  /// and others 2021, arXiv:2102.08817).
  ///
  /// - Parameters:
  ///   - counts: The number of rows of each class.
  ///   - temperature: The temperature τ.
  /// - Returns: The bound; 0 if no row has a positive.
  public static func lowerBound(counts: [Int], temperature: Double) -> Double {
    let rowCount = Double(counts.reduce(0, +))
    // Classes of equal size contribute equally, so CIFAR's ten classes or SimCLR's thousands need only a few terms.
    var multiplicities: [Int: Int] = [:]
    for count in counts where count > 1 {
      multiplicities[count, default: 0] += 1
    }
    let classes = multiplicities.sorted { first, second in first.key < second.key }
      .map { count, multiplicity in (size: Double(count), multiplicity: Double(multiplicity)) }
    guard let smallest = classes.first else { return 0 }
    let anchors = classes.reduce(0) { sum, entry in sum + entry.size * entry.multiplicity }
    let singletons = rowCount - anchors

    func value(_ beta: Double) -> Double {
      var sum = -beta / temperature * (rowCount * anchors + singletons * singletons / 4)
      for (size, multiplicity) in classes {
        let negatives = beta * (rowCount - size)
        let positives = 1 - negatives
        var entropy = positives * log(size - 1)
        entropy -= positives > 0 ? positives * log(positives) : 0
        entropy -= negatives > 0 ? negatives * log(beta) : 0
        sum += size * multiplicity * entropy
      }
      return sum / anchors
    }

    // Without negatives the maximum is at β = 0. Otherwise ln β is searched, with the maximum at about e^{−K/((K−1)τ)}.
    let withoutNegatives = value(0)
    if rowCount == smallest.size {
      return withoutNegatives
    }
    var low = log(1 / (rowCount - smallest.size)) - 2.5 / temperature - 5
    var high = log(1 / (rowCount - smallest.size))
    let ratio = 0.5 * (3 - 5.0.squareRoot())
    for _ in 0..<200 {
      let first = low + ratio * (high - low)
      let second = high - ratio * (high - low)
      if value(exp(first)) < value(exp(second)) {
        low = first
      } else {
        high = second
      }
    }
    return max(withoutNegatives, value(exp(0.5 * (low + high))))
  }
}
