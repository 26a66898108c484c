import Foundation
import Losses
import OneDNN
import Testing

/// The loss of embeddings that are gathered as bfloat16: that of the rounded rows.
@Suite struct GatherPrecisionTests {
  private static let width = 16

  /// Rounds to 8 significant bits, ties to even, by the definition.
  private func rounded(_ value: Double) -> Double {
    guard value != 0 else { return 0 }
    let quantum = exp2(floor(log2(abs(value))) - 7)
    return (value / quantum).rounded(.toNearestOrEven) * quantum
  }

  private func unitRows(labels: [Int], width: Int, attraction: Double) -> [Double] {
    LossCase.unitRows(count: labels.count, width: width, seed: 3, attraction: attraction, labels: labels)
      .map { element in Double(Float(element)) }
  }

  private func result<Scalar: LossScalar>(
    _ rows: [Double], labels: [Int], width: Int, _ precision: Precision, _: Scalar.Type
  ) -> (loss: Double, gradient: [Double]) {
    let loss = ContrastiveLoss<Scalar>(
      blocks: RowBlocks(rowCount: labels.count, rowsPerShard: 8, ranks: 1), width: width, temperature: 0.1,
      gatherPrecision: precision, threads: 2)
    let result = loss.lossAndGradient(of: rows.map { element in Scalar(element) }, classes: RowClasses(labels: labels))
    return (result.loss, result.gradient.map { element in Double(element) })
  }

  /// ‖x − y‖ ÷ ‖y‖.
  private func distance(_ found: [Double], _ expected: [Double]) -> Double {
    let difference = zip(found, expected).reduce(0) { sum, pair in sum + (pair.0 - pair.1) * (pair.0 - pair.1) }
    return (difference / expected.reduce(0) { sum, element in sum + element * element }).squareRoot()
  }

  @Test func `loss and gradient are those of the rows rounded to bfloat16`() {
    let labels = (0..<32).map { row in row % 5 }
    let rows = unitRows(labels: labels, width: Self.width, attraction: 0.6)
    let reference = ReferenceLoss(
      rows: rows.map(rounded), width: Self.width, labels: labels, temperature: 0.1)
    #expect(reference.rows != rows)
    let (gradient, value) = (reference.gradient(), reference.value())
    let double = result(rows, labels: labels, width: Self.width, .bfloat16, Double.self)
    #expect(abs(double.loss - value) < 1e-12 && distance(double.gradient, gradient) < 1e-12)
    let float = result(rows, labels: labels, width: Self.width, .bfloat16, Float.self)
    #expect(abs(float.loss - value) < 1e-5 && distance(float.gradient, gradient) < 1e-5)
    let exact = result(rows, labels: labels, width: Self.width, .float32, Float.self)
    #expect(distance(exact.gradient, gradient) > 1e-4, "rounding has an effect")
  }

  /// Directions along a row do not change a loss of unit rows.
  private func tangential(_ gradient: [Double], to rows: [Double], width: Int) -> [Double] {
    stride(from: 0, to: rows.count, by: width).flatMap { first -> [Double] in
      let (row, own) = (rows[first..<first + width], gradient[first..<first + width])
      let along = zip(row, own).reduce(0) { sum, pair in sum + pair.0 * pair.1 }
      return zip(row, own).map { element, change in change - along * element }
    }
  }

  /// The words of the help: the gradients of tight clusters are small differences of large sums.
  @Test func `rounding costs spread rows little and tight clusters a few percent of the gradient`() {
    let (width, labels) = (128, (0..<512).map { row in row % 10 })
    func error(attraction: Double) -> Double {
      let rows = unitRows(labels: labels, width: width, attraction: attraction)
      let exact = result(rows, labels: labels, width: width, .float32, Double.self)
      let rounded = result(rows, labels: labels, width: width, .bfloat16, Double.self)
      return distance(
        tangential(rounded.gradient, to: rows, width: width), tangential(exact.gradient, to: rows, width: width))
    }
    // a² ÷ (1 + a²) is the cosine of two rows of a class.
    let (spread, tight) = (error(attraction: 0.3), error(attraction: 3.4))
    #expect(spread < 0.01, "\(spread)")
    #expect(abs(tight - 0.04) < 0.015, "\(tight)")
  }

  @Test func `numbers that are not finite stay so`() {
    let labels = [0, 0, 1, 1, 0, 0, 1, 1]
    for bad in [Double.nan, .infinity] {
      var rows = unitRows(labels: labels, width: Self.width, attraction: 0.6)
      rows[3] = bad
      #expect(!result(rows, labels: labels, width: Self.width, .bfloat16, Float.self).loss.isFinite)
    }
  }
}
