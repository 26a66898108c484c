import Foundation
import Losses
import TestSupport
import Testing

struct CrossEntropyTests {
  private static let logits: [Float] = [1.5, -0.25, 0.75, -2, 0, 3, -1, 0.5, -4, 2, 2, 9.5]
  private static let labels: [Int32] = [2, 1, 0]

  private func evaluate(
    _ logits: [Float], _ labels: [Int32], classes: Int, smoothing: Double, weight: Double
  ) -> (loss: Double, gradient: [Double]) {
    var lines = logits
    var span = lines.mutableSpan
    let loss = CrossEntropy(classCount: classes, labelSmoothing: smoothing)
      .lossAndGradient(of: &span, labels: RowLabels(labels), weight: weight)
    return (loss, lines.map(Double.init))
  }

  /// `torch.nn.functional.cross_entropy` in float64, its mean over the rows, and autograd's gradient.
  @Test func `loss and gradient match PyTorch`() {
    let plain = evaluate(Self.logits, Self.labels, classes: 4, smoothing: 0, weight: 1 / 3.0)
    #expect(abs(plain.loss - 4.969_214_553) < 1e-7)
    #expect(
      largestDifference(
        plain.gradient,
        [
          0.198_846_150, 0.034_554_280, -0.239_405_063, 0.006_004_633, 0.014_428_679, -0.043_525_564,
          0.005_308_014, 0.023_788_870, -0.333_332_877, 0.000_184_157, 0.000_184_157, 0.332_964_562,
        ]) < 1e-7)
    let smoothed = evaluate(Self.logits, Self.labels, classes: 4, smoothing: 0.1, weight: 1 / 3.0)
    #expect(abs(smoothed.loss - 4.860_881_220) < 1e-7)
    #expect(
      largestDifference(
        smoothed.gradient,
        [
          0.190_512_817, 0.026_220_946, -0.214_405_063, -0.002_328_700, 0.006_095_346, -0.018_525_564,
          -0.003_025_319, 0.015_455_537, -0.308_332_877, -0.008_149_176, -0.008_149_176, 0.324_631_229,
        ]) < 1e-7)
  }

  @Test(arguments: [0, 0.05, 0.3], [1, 2, 10, 1000])
  func `the gradient is that of the value`(smoothing: Double, classes: Int) {
    var numbers = TestNumbers(seed: UInt64(classes))
    let labels = (0..<4).map { _ in Int32(numbers.uniform() * Double(classes)) }
    let logits = (0..<4 * classes).map { _ in Float(3 * numbers.normal()) }
    /// The definition in float64.
    func value(_ logits: [Double]) -> Double {
      labels.enumerated().reduce(0) { sum, entry in
        let line = logits[entry.offset * classes..<(entry.offset + 1) * classes].map { logit in logit }
        let logSum = log(line.reduce(0) { sum, logit in sum + exp(logit) })
        return line.enumerated().reduce(sum) { sum, logit in
          let target = (logit.offset == Int(entry.element) ? 1 - smoothing : 0) + smoothing / Double(classes)
          return sum - 0.5 * target * (logit.element - logSum)
        }
      }
    }
    let answer = evaluate(logits, labels, classes: classes, smoothing: smoothing, weight: 0.5)
    let wide = logits.map(Double.init)
    #expect(abs(answer.loss - value(wide)) < 2e-6)
    let differences = centralDifferences(at: wide, step: 1e-5, count: 40, value)
    #expect(largestDifference(Array(answer.gradient.prefix(40)), differences) < 1e-6)
  }

  @Test func `logits far apart neither overflow nor vanish`() {
    let answer = evaluate([1e30, 0, -1e30, 500, 0, -500], [0, 2], classes: 3, smoothing: 0, weight: 1)
    #expect(answer.loss == 1000)
    #expect(answer.gradient == [0, 0, 0, 1, 0, -1])
    let notNumbers = evaluate([.nan, 0, 1], [1], classes: 3, smoothing: 0.1, weight: 1)
    #expect(notNumbers.loss.isNaN && notNumbers.gradient.allSatisfy(\.isNaN))
  }

  @Test func `nothing is below the entropy of the labels`() {
    #expect(CrossEntropy(classCount: 7).lowerBound == 0)
    let smoothing = 0.1
    let best = log((1 - smoothing + smoothing / 4) / (smoothing / 4))
    let answer = evaluate([Float(best), 0, 0, 0], [0], classes: 4, smoothing: smoothing, weight: 1)
    #expect(abs(answer.loss - CrossEntropy(classCount: 4, labelSmoothing: smoothing).lowerBound) < 1e-6)
    #expect(largestMagnitude(answer.gradient) < 1e-7)
  }

  /// λ L(y) + (1 − λ) L(y'), as mixup's own code has it.
  @Test(arguments: [0, 0.1])
  func `a mixed row has the weighted mean of both classes' losses and gradients`(smoothing: Double) {
    let others: [Int32] = [0, 1, 3]
    let mixingWeights = [0.25, 0.5, 1]
    var lines = Self.logits
    var span = lines.mutableSpan
    let loss = CrossEntropy(classCount: 4, labelSmoothing: smoothing).lossAndGradient(
      of: &span, labels: RowLabels(Self.labels, others: others, mixingWeights: mixingWeights), weight: 0.5)
    var (expected, gradient) = (0.0, [Double]())
    for (row, mixingWeight) in mixingWeights.enumerated() {
      let line = Array(Self.logits[4 * row..<4 * row + 4])
      let first = evaluate(line, [Self.labels[row]], classes: 4, smoothing: smoothing, weight: 0.5)
      let second = evaluate(line, [others[row]], classes: 4, smoothing: smoothing, weight: 0.5)
      expected += mixingWeight * first.loss + (1 - mixingWeight) * second.loss
      gradient += zip(first.gradient, second.gradient).map { first, second in
        mixingWeight * first + (1 - mixingWeight) * second
      }
    }
    #expect(abs(loss - expected) < 1e-6)
    #expect(largestDifference(lines.map(Double.init), gradient) < 1e-7)
  }

  @Test func `the bound of mixed rows is the mean entropy of their labels`() {
    let crossEntropy = CrossEntropy(classCount: 3)
    #expect(abs(crossEntropy.lowerBound(mixingWeights: [0.5, 1]) - log(2) / 2) < 1e-12)
    var logits: [Float] = [Float(log(3.0)), 0, -60]
    var span = logits.mutableSpan
    let labels = RowLabels([0], others: [1], mixingWeights: [0.75])
    #expect(labels.mainLabel(ofRow: 0) == 0)
    let loss = crossEntropy.lossAndGradient(of: &span, labels: labels, weight: 1)
    #expect(abs(loss - crossEntropy.lowerBound(mixingWeights: [0.75])) < 1e-6)
  }
}
