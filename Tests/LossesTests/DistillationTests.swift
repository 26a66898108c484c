import Foundation
import Losses
import TestSupport
import Testing

/// The distillation loss against its definition in float64.
struct DistillationTests {
  /// Σ_i T² KL(softmax(t_i ÷ T) ‖ softmax(x_i ÷ T)), with probabilities in place of logarithms.
  private func definition(_ logits: [Double], _ teacher: [Double], classes: Int, temperature: Double) -> Double {
    func softmax(_ line: ArraySlice<Double>) -> [Double] {
      let powers = line.map { logit in exp(logit / temperature) }
      return powers.map { power in power / powers.reduce(0, +) }
    }
    return stride(from: 0, to: logits.count, by: classes).reduce(0) { sum, first in
      let (own, target) = (softmax(logits[first..<first + classes]), softmax(teacher[first..<first + classes]))
      return sum
        + temperature * temperature * zip(own, target).reduce(0) { sum, pair in sum + pair.1 * log(pair.1 / pair.0) }
    }
  }

  private func evaluate(
    _ logits: [Float], _ teacher: [Float], classes: Int, temperature: Double, rowWeight: Double = 1
  ) -> (loss: Double, gradient: [Double]) {
    var gradient = [Float](repeating: .nan, count: logits.count)
    var elements = gradient.mutableSpan
    let loss = Distillation(weight: 1, temperature: temperature).lossAndGradient(
      of: logits.span, teacherLogits: teacher.span, classCount: classes, rowWeight: rowWeight, gradient: &elements)
    return (loss, gradient.map(Double.init))
  }

  @Test(arguments: [0.5, 1, 4, 20], [2, 3, 10, 1000])
  func `loss and gradient are those of the definition`(temperature: Double, classes: Int) {
    var numbers = TestNumbers(seed: UInt64(classes))
    func rows() -> [Float] { (0..<3 * classes).map { _ in Float(3 * numbers.normal()) } }
    let (logits, teacher) = (rows(), rows())
    func value(_ logits: [Double]) -> Double {
      0.25 * definition(logits, teacher.map(Double.init), classes: classes, temperature: temperature)
    }
    let answer = evaluate(logits, teacher, classes: classes, temperature: temperature, rowWeight: 0.25)
    let wide = logits.map(Double.init)
    #expect(abs(answer.loss - value(wide)) < 1e-9 * max(1, answer.loss))
    let differences = centralDifferences(at: wide, step: 1e-4, count: 30, value)
    #expect(largestDifference(Array(answer.gradient.prefix(30)), differences) < 1e-6)
  }

  @Test func `a student with its teacher's probabilities has neither loss nor gradient`() {
    // Softmax does not change if all logits of a row grow by the same number.
    let answer = evaluate([3, 1, -2, 0.5, 0.25, 7], [4, 2, -1, -1.5, -1.75, 5], classes: 3, temperature: 4)
    #expect(abs(answer.loss) < 1e-12 && answer.gradient.allSatisfy { element in abs(element) < 1e-7 })
  }

  @Test func `logits far apart neither overflow nor vanish, and NaN is kept`() {
    let answer = evaluate([1e30, 0, -1e30], [1e30, 0, -1e30], classes: 3, temperature: 4)
    #expect(answer.loss == 0 && answer.gradient == [0, 0, 0])
    let opposite = evaluate([0, 400], [400, 0], classes: 2, temperature: 4)
    #expect(abs(opposite.loss - 16 * 100) < 1e-9 && abs(opposite.gradient[0] + 4) < 1e-6)
    for (logits, teacher) in [([Float.nan, 0], [1, Float(0)]), ([1, 0], [0, .nan])] {
      let notNumbers = evaluate(logits, teacher, classes: 2, temperature: 1)
      #expect(notNumbers.loss.isNaN && notNumbers.gradient.allSatisfy(\.isNaN))
    }
  }
}
