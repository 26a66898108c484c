import TestSupport
import Testing

/// The reference itself: its gradient against its value.
struct ReferenceLossTests {
  @Test(arguments: [0.1, 0.5, 1])
  func `the gradient is that of the value`(temperature: Double) {
    let labels = [0, 1, 0, 2, 0, 3, 1, 2, 2, 4, 0, 2]
    let batch = LossCase.unitRows(count: labels.count, width: 5, seed: 3, attraction: 0.5, labels: labels)
    let loss = ReferenceLoss(rows: batch, width: 5, labels: labels, temperature: temperature)
    let gradient = loss.gradient()
    let expected = loss.differences { loss in loss.value() }
    let largest = largestMagnitude(gradient)
    #expect(largestDifference(gradient, expected) < 1e-7 * largest)
  }

  @Test(arguments: ReferenceVariant.all(views: 2, cap: 2))
  func `the gradient is that of the value in every variant`(variant: ReferenceVariant) {
    let samples = [0, 1, 0, 2, 0, 3, 1, 2, 0]
    let labels = samples + samples
    let batch = LossCase.unitRows(count: labels.count, width: 5, seed: 3, attraction: 0.5, labels: labels)
    let loss = ReferenceLoss(rows: batch, width: 5, labels: labels, temperature: 0.3, variant: variant)
    let gradient = loss.gradient()
    let expected = loss.differences { loss in loss.value() }
    #expect(largestDifference(gradient, expected) < 1e-7 * largestMagnitude(gradient))
  }

  @Test func `the gradient through the normalization is that of the value`() {
    let labels = [0, 1, 0, 2, 0, 3, 1, 2, 2]
    var numbers = TestNumbers(seed: 4)
    let rows = (0..<labels.count * 4).map { _ in 3 * numbers.normal() }
    let loss = ReferenceLoss(rows: rows, width: 4, labels: labels, temperature: 0.2)
    let gradient = loss.gradientThroughNormalization()
    let expected = loss.differences { loss in loss.normalized.value() }
    #expect(largestDifference(gradient, expected) < 1e-7 * largestMagnitude(gradient))
  }

  @Test func `two rows of one class have the loss zero`() {
    let loss = ReferenceLoss(rows: [1, 0, 0, 1], width: 2, labels: [7, 7], temperature: 0.1)
    #expect(loss.value() == 0)
    #expect(loss.gradient() == [0, 0, 0, 0])
  }

  /// By hand: s = 0 between all rows, so every anchor has ln 2.
  @Test func `three orthogonal rows, two of one class, have the loss computed by hand`() {
    let loss = ReferenceLoss(rows: [1, 0, 0, 0, 1, 0, 0, 0, 1], width: 3, labels: [0, 0, 1], temperature: 1)
    #expect(abs(loss.value() - 0.693_147_180_559_945_3) < 1e-15)
    // Anchor 0: softmax ½, ½; G_01 = ½(½ − 1), G_02 = ¼; both roles: −½ z_1 + ¼ z_2.
    #expect(largestDifference(loss.gradient(), [0, -0.5, 0.25, -0.5, 0, 0.25, 0.25, 0.25, 0]) < 1e-15)
  }
}

func largestMagnitude(_ numbers: [Double]) -> Double {
  numbers.reduce(0) { largest, number in max(largest, abs(number)) }
}

/// The central finite differences of a function at a point, along the first `count` coordinates, or all.
func centralDifferences(
  at point: [Double], step: Double, count: Int = .max, _ function: ([Double]) -> Double
) -> [Double] {
  point.indices.prefix(count).map { index in
    var (above, below) = (point, point)
    above[index] += step
    below[index] -= step
    return (function(above) - function(below)) / (2 * step)
  }
}

/// Infinite if the lengths differ or a number is NaN.
func largestDifference(_ first: [Double], _ second: [Double]) -> Double {
  guard first.count == second.count else { return .infinity }
  return zip(first, second).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
