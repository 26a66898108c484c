import Glibc

/// The distillation loss between the logits t of a teacher and x of a student (Hinton and others 2015,
/// arXiv:1503.02531).
///
///     D_i = T² Σ_k p_ik (log p_ik − log q_ik),   p_i = softmax(t_i ÷ T),   q_i = softmax(x_i ÷ T)
///
/// T² keeps the size of the gradient, T · (q − p), as the temperature T softens both distributions. The loss of a row
/// is (1 − α) L_i + α D_i with its cross-entropy L_i (``CrossEntropy``).
public struct Distillation: Sendable {
  /// The weight α of the teacher's targets, above 0 and at most 1.
  public let weight: Double

  /// The temperature T, above 0.
  public let temperature: Double

  /// Creates a distillation loss.
  ///
  /// - Precondition: Weight and temperature are within their ranges.
  public init(weight: Double, temperature: Double) {
    precondition(weight > 0 && weight <= 1, "distillation weight \(weight)")
    precondition(temperature > 0 && temperature.isFinite, "distillation temperature \(temperature)")
    self.weight = weight
    self.temperature = temperature
  }

  /// Returns the weighted sum of the rows' losses, and writes its gradient with respect to the student's logits.
  ///
  /// Computed in float64, in the order of the rows.
  ///
  /// - Parameters:
  ///   - logits: The student's logits, `[rows, classCount]`.
  ///   - teacherLogits: The teacher's logits, `[rows, classCount]`.
  ///   - classCount: The number of classes.
  ///   - rowWeight: The factor of every row's loss.
  ///   - gradient: Receives rowWeight · T · (q − p), `[rows, classCount]`.
  /// - Returns: rowWeight · Σ D_i.
  /// - Precondition: All arrays have the same number of elements, a multiple of `classCount`.
  public func lossAndGradient(
    of logits: Span<Float>, teacherLogits: Span<Float>, classCount: Int, rowWeight: Double,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    precondition(
      logits.count == teacherLogits.count && logits.count == gradient.count && logits.count.isMultiple(of: classCount),
      "\(logits.count) logits, \(teacherLogits.count) of the teacher and \(gradient.count) gradients of \(classCount) classes"
    )
    var sum = 0.0
    for row in 0..<logits.count / classCount {
      let line = row * classCount..<(row + 1) * classCount
      let student = logProbabilities(logits.extracting(line))
      let teacher = logProbabilities(teacherLogits.extracting(line))
      for (index, element) in line.enumerated() {
        let target = exp(teacher[index])
        // A class that the teacher excludes adds 0, also if the logarithm is −∞.
        sum += target == 0 ? 0 : target * (teacher[index] - student[index])
        gradient[element] = Float(rowWeight * temperature * (exp(student[index]) - target))
      }
    }
    return rowWeight * temperature * temperature * sum
  }

  /// Returns the logarithms of the softmax of logits ÷ T; NaN for all if a logit is NaN.
  private func logProbabilities(_ logits: Span<Float>) -> [Double] {
    var largest = -Double.infinity
    for index in logits.indices {
      largest = max(largest, Double(logits[index]))
    }
    let scaled = logits.indices.map { index in (Double(logits[index]) - largest) / temperature }
    let logSum = log(scaled.reduce(0) { sum, logit in sum + exp(logit) })
    return scaled.map { logit in logit - logSum }
  }
}
