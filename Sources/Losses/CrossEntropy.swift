import Glibc

/// The cross-entropy of a softmax over classes, with label smoothing.
///
///     L_i = −Σ_k q_ik log p_ik,   p_i = softmax(x_i),   q_ik = (1 − ε) t_ik + ε/K
///
/// with the targets t_ik = [k = y_i], or t_ik = λ_i [k = y_i] + (1 − λ_i) [k = y'_i] for a row that mixes two samples.
///
/// Each rank computes losses and gradients of its own rows, weighted by 1 ÷ rows of the global batch, so that the sums
/// over ranks are the mean over the batch. In joint training with the contrastive loss, the weight is w ÷ rows, and the
/// gradient of the representations is the sum of both losses'.
public struct CrossEntropy: Sendable {
  /// The number K of classes.
  public let classCount: Int

  /// The label smoothing ε, at least 0 and below 1.
  public let labelSmoothing: Double

  /// Creates the cross-entropy over a number of classes.
  ///
  /// - Precondition: There is at least one class, and the smoothing is within its range.
  public init(classCount: Int, labelSmoothing: Double = 0) {
    precondition(classCount > 0, "\(classCount) classes")
    precondition(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing \(labelSmoothing)")
    self.classCount = classCount
    self.labelSmoothing = labelSmoothing
  }

  /// The lower bound of the mean loss, reached for p = q: the entropy of the smoothed labels.
  public var lowerBound: Double { lowerBound(mixingWeights: [1]) }

  /// Returns the lower bound of the mean loss over rows that mix two different classes: the mean entropy of their
  /// labels.
  ///
  /// - Parameter mixingWeights: The weight of the first class of each row; 1 for a row of a single class.
  /// - Returns: The lower bound.
  public func lowerBound(mixingWeights: [Double]) -> Double {
    let other = labelSmoothing / Double(classCount)
    func term(_ target: Double) -> Double { target > 0 ? -target * log(target) : 0 }
    let sum = mixingWeights.reduce(0) { sum, mixingWeight in
      let (first, second) = (
        mixingWeight * (1 - labelSmoothing) + other, (1 - mixingWeight) * (1 - labelSmoothing) + other
      )
      return sum + term(first) + (classCount > 1 ? term(second) + Double(classCount - 2) * term(other) : 0)
    }
    return sum / Double(mixingWeights.count)
  }

  /// Returns the weighted sum of the rows' losses, and overwrites the logits with its gradient, weight · (p − q).
  ///
  /// p is the softmax of a row's logits and q its smoothed target (``CrossEntropy``). Exponentials are float32; the
  /// losses are summed in float64 in the order of the rows.
  ///
  /// - Parameters:
  ///   - logits: The logits, `[rows, classCount]`, which the gradient overwrites.
  ///   - labels: The class of each row, or the two classes that it mixes.
  ///   - weight: The factor of every row's loss: w ÷ rows of the global batch, where w weights the cross-entropy
  ///     against the contrastive loss.
  /// - Returns: weight · Σ L_i.
  /// - Precondition: There are `labels.count` rows of logits, and every label is in `0..<classCount`.
  public func lossAndGradient(of logits: inout MutableSpan<Float>, labels: RowLabels, weight: Double) -> Double {
    precondition(
      logits.count == labels.count * classCount,
      "\(logits.count) logits for \(labels.count) rows of \(classCount) classes")
    let smoothed = labelSmoothing / Double(classCount)
    var loss = 0.0
    for row in 0..<labels.count {
      let (label, other, mixingWeight) = labels.mixture(ofRow: row)
      precondition(
        0..<classCount ~= label && 0..<classCount ~= other,
        "row \(row) has labels \(label) and \(other) of \(classCount) classes")
      let line = row * classCount..<(row + 1) * classCount
      let (own, partner) = (line.lowerBound + label, line.lowerBound + other)
      // NaN is never the maximum, but remains in the sum.
      let largest = line.reduce(-Float.infinity) { largest, index in max(largest, logits[index]) }
      let ownLogit =
        mixingWeight * (Double(logits[own]) - Double(largest))
        + (mixingWeight < 1 ? (1 - mixingWeight) * (Double(logits[partner]) - Double(largest)) : 0)
      var (sum, logitSum) = (0.0, 0.0)
      for index in line {
        let difference = logits[index] - largest
        logitSum += Double(difference)
        logits[index] = expf(difference)
        sum += Double(logits[index])
      }
      loss += log(sum) - (1 - labelSmoothing) * ownLogit - (labelSmoothing > 0 ? smoothed * logitSum : 0)
      for index in line {
        let target = (1 - labelSmoothing) * labels.target(ofRow: row, index - line.lowerBound) + smoothed
        logits[index] = Float(weight * (Double(logits[index]) / sum - target))
      }
    }
    return weight * loss
  }
}
