import Glibc

/// Cross-entropy of a softmax over classes, with label smoothing.
///
///     L_i = −Σ_k q_ik log p_ik,   p_i = softmax(x_i),   q_ik = (1 − ε) [k = y_i] + ε/K
///
/// Each rank computes the losses and gradients of its own rows, weighted with the divisor of the global batch; their sums are those of the
/// batch. In joint training the weight is that of this loss ÷ samples or views, and
/// the gradient of the representations is the sum of both losses'.
public struct CrossEntropy: Sendable {
  /// K.
  public let classCount: Int

  /// ε, from 0 to below 1.
  public let labelSmoothing: Double

  /// Creates a loss.
  ///
  /// - Precondition: There is a class, and the smoothing is in its range.
  public init(classCount: Int, labelSmoothing: Double = 0) {
    precondition(classCount > 0, "\(classCount) classes")
    precondition(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing \(labelSmoothing)")
    self.classCount = classCount
    self.labelSmoothing = labelSmoothing
  }

  /// The least value of the mean, where p = q: the entropy of the smoothed labels.
  public var lowerBound: Double {
    let other = labelSmoothing / Double(classCount)
    let own = 1 - labelSmoothing + other
    return -own * log(own) - (other > 0 ? Double(classCount - 1) * other * log(other) : 0)
  }

  /// The weighted sum of the rows' losses; the logits become its gradient, weight · (p − q).
  ///
  /// float32, summed in float64, in the order of the rows.
  ///
  /// - Parameters:
  ///   - logits: `[labels, classCount]`; receives the gradient.
  ///   - labels: The class of each row.
  ///   - weight: The factor of every row's loss, usually 1 ÷ rows of the global batch.
  /// - Returns: weight · Σ L_i.
  /// - Precondition: As many logits as classes for each label, and every label is a class.
  public func lossAndGradient(of logits: inout MutableSpan<Float>, labels: Span<Int32>, weight: Double) -> Double {
    precondition(
      logits.count == labels.count * classCount,
      "\(logits.count) logits for \(labels.count) rows of \(classCount) classes")
    let smoothed = labelSmoothing / Double(classCount)
    var loss = 0.0
    for row in labels.indices {
      let label = Int(labels[row])
      precondition(0..<classCount ~= label, "row \(row) has label \(label) of \(classCount) classes")
      let line = row * classCount..<(row + 1) * classCount
      let own = line.lowerBound + label
      // A NaN is never the largest, but stays in the sum.
      let largest = line.reduce(-Float.infinity) { largest, index in max(largest, logits[index]) }
      let ownLogit = Double(logits[own]) - Double(largest)
      var (sum, logitSum) = (0.0, 0.0)
      for index in line {
        let difference = logits[index] - largest
        logitSum += Double(difference)
        logits[index] = expf(difference)
        sum += Double(logits[index])
      }
      loss += log(sum) - (1 - labelSmoothing) * ownLogit - (labelSmoothing > 0 ? smoothed * logitSum : 0)
      for index in line {
        let target = index == own ? 1 - labelSmoothing + smoothed : smoothed
        logits[index] = Float(weight * (Double(logits[index]) / sum - target))
      }
    }
    return weight * loss
  }
}
