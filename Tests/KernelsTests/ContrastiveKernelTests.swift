import Foundation
import Kernels
import TestSupport
import Testing

/// The loops of the contrastive loss against plain ones in float64, on every instruction set of this machine.
struct ContrastiveKernelTests {
  /// Shorter than any vector, one more and one less than some, and the tiles' own.
  private static let lengths = Array(1...67) + [127, 129, 1000, 1023, 1024]

  /// Numbers in −10 … 10 without a pattern, the same each time.
  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var numbers = TestNumbers(seed: seed)
    return (0..<count).map { _ in 20 * Float(numbers.uniform() - 0.5) }
  }

  private func exponentialSum(_ elements: [Float], minus shift: Float, _ tested: TestedPath) -> Double {
    unsafe tested.kernels.exponential_sum(elements, elements.count, shift)
  }

  private func largest(_ elements: [Float], atLeast least: Float, _ tested: TestedPath) -> Float {
    unsafe tested.kernels.largest_element(elements, elements.count, least)
  }

  /// A batch of one line of similarities.
  private struct Line {
    var similarities: [Float]
    var row = KernelLossRow(
      log_sum_exp: 0, anchor_weight: 1, positive_weight: 0, class_number: 0, positive_log_sum: 0, sample_number: 0)
    var logSumExps: [Float]
    var anchorWeights: [Float]
    var positiveWeights: [Float]
    var classes: [Int32]

    /// Columns that contribute nothing but their exponentials for the row.
    init(similarities: [Float]) {
      self.similarities = similarities
      logSumExps = similarities.map { _ in 0 }
      anchorWeights = logSumExps
      positiveWeights = logSumExps
      classes = logSumExps.map { _ in 1 }
    }

    func factors(_ tested: TestedPath) -> [Float] {
      // One element more, which must stay as it is.
      var line = similarities + [123]
      unsafe logSumExps.withUnsafeBufferPointer { logSumExps in
        unsafe anchorWeights.withUnsafeBufferPointer { anchorWeights in
          unsafe positiveWeights.withUnsafeBufferPointer { positiveWeights in
            unsafe classes.withUnsafeBufferPointer { classes in
              guard let logSumExps = logSumExps.baseAddress, let anchorWeights = anchorWeights.baseAddress,
                let positiveWeights = positiveWeights.baseAddress, let classes = classes.baseAddress
              else { return }
              unsafe tested.kernels.contrastive_factors(
                &line, similarities.count, row,
                KernelLossColumns(
                  log_sum_exps: logSumExps, anchor_weights: anchorWeights, positive_weights: positiveWeights,
                  class_numbers: classes, positive_log_sums: logSumExps, sample_numbers: classes))
            }
          }
        }
      }
      #expect(line.last == 123)
      return line.dropLast()
    }

    func plainFactor(_ column: Int) -> Double {
      let similarity = Double(similarities[column])
      let asAnchor = Double(row.anchor_weight) * exp(similarity - Double(row.log_sum_exp))
      let asContrast = Double(anchorWeights[column]) * exp(similarity - Double(logSumExps[column]))
      let isPositive = classes[column] == row.class_number
      return asAnchor + asContrast - (isPositive ? Double(row.positive_weight) + Double(positiveWeights[column]) : 0)
    }
  }

  @Test(arguments: TestedPath.all)
  func `the exponential is right to the spacing of float32`(tested: TestedPath) {
    let exponents = (0...1_000_000).map { index in -87 + 175 * Float(index) * 1e-6 }
    let values = Line(similarities: exponents).factors(tested)
    var largest = 0.0
    for (exponent, value) in zip(exponents, values) {
      let expected = exp(Double(exponent))
      largest = max(largest, abs(Double(value) - expected) / expected)
    }
    #expect(largest < 1.5e-7, "relative error \(largest)")
  }

  @Test(arguments: TestedPath.all)
  func `exponentials of known arguments have their known values`(tested: TestedPath) {
    let exponents: [Float] = [0, 1, -1, -87, -87.5, -1e4, -.greatestFiniteMagnitude, -.infinity, .nan]
    let values = Line(similarities: exponents).factors(tested)
    #expect(values[0] == 1)
    #expect(values[1] == Float(exp(1.0)))
    #expect(values[2] == Float(exp(-1.0)))
    for value in values[3...7] {
      #expect(value >= 0 && value < 2e-38)
    }
    #expect(values[8].isNaN)
  }

  @Test(arguments: TestedPath.all)
  func `sums of exponentials are right for every length of a line`(tested: TestedPath) {
    for length in Self.lengths {
      let elements = numbers(length, seed: UInt64(length))
      let shift = elements.reduce(-.infinity, max)
      let expected = elements.reduce(0.0) { sum, element in sum + exp(Double(element) - Double(shift)) }
      let sum = exponentialSum(elements, minus: shift, tested)
      #expect(abs(sum - expected) < 5e-7 * expected, "\(length) elements: \(sum), expected \(expected)")
    }
  }

  @Test(arguments: TestedPath.all)
  func `a sum passes over minus infinity, and never over NaN`(tested: TestedPath) {
    for length in Self.lengths {
      var elements = [Float](repeating: -.infinity, count: length)
      elements[length / 2] = 3
      #expect(abs(exponentialSum(elements, minus: 3, tested) - 1) < 1e-30)
      for place in Set([0, length / 2, length - 1]) {
        elements[place] = .nan
        #expect(exponentialSum(elements, minus: 3, tested).isNaN)
        elements[place] = 3
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `the largest element is found at every place`(tested: TestedPath) {
    for length in Self.lengths {
      var elements = numbers(length, seed: UInt64(length))
      let expected = elements.reduce(-.infinity, max)
      #expect(largest(elements, atLeast: -.infinity, tested) == expected)
      #expect(largest(elements, atLeast: 11, tested) == 11)
      for place in length < 70 ? Array(0..<length) : [0, length / 2, length - 1] {
        let before = elements[place]
        elements[place] = 12
        #expect(largest(elements, atLeast: -.infinity, tested) == 12)
        elements[place] = .nan
        let others = (elements[..<place] + elements[(place + 1)...]).reduce(-.infinity, max)
        #expect(largest(elements, atLeast: -.infinity, tested) == others)
        elements[place] = before
      }
    }
    #expect(largest([], atLeast: 4, tested) == 4)
    #expect(largest([-.infinity], atLeast: -.infinity, tested) == -.infinity)
  }

  @Test(arguments: TestedPath.all)
  func `factors are those of a plain loop for every length of a line`(tested: TestedPath) {
    for length in Self.lengths {
      var line = Line(similarities: numbers(length, seed: UInt64(length)))
      line.row = KernelLossRow(
        log_sum_exp: 11, anchor_weight: 0.5, positive_weight: 0.125, class_number: 2, positive_log_sum: 0,
        sample_number: 0)
      // No similarity is larger than the row's or the column's log-sum-exp.
      line.logSumExps = numbers(length, seed: 1000).map { number in 20 + number }
      line.anchorWeights = (0..<length).map { column in column % 5 == 0 ? 0 : 0.5 }
      line.positiveWeights = (0..<length).map { column in Float(column % 3) }
      line.classes = (0..<length).map { column in Int32(column % 4) }
      for (column, factor) in line.factors(tested).enumerated() {
        let expected = line.plainFactor(column)
        // What may cancel in it is as large as the exponentials, at most 1, and the positives, at most 2.125.
        #expect(abs(Double(factor) - expected) < 1e-6, "column \(column) of \(length): \(factor), expected \(expected)")
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `a factor of NaN is NaN`(tested: TestedPath) {
    for place in 0..<37 {
      var line = Line(similarities: numbers(37, seed: 37))
      line.similarities[place] = .nan
      for (column, factor) in line.factors(tested).enumerated() {
        #expect(factor.isNaN == (column == place))
      }
    }
  }
}
