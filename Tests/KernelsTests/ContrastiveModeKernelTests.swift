import Foundation
import Kernels
import TestSupport
import Testing

/// The loops of the contrastive loss's modes against plain ones in float64, on every instruction set of this machine.
struct ContrastiveModeKernelTests {
  private static let lengths = Array(1...37) + [127, 1000, 1024]

  /// One row and a line of columns, with classes, samples and numbers without a pattern.
  private struct Line {
    var similarities: [Float] = []
    var logSums: [Float] = []
    var anchorWeights: [Float] = []
    var positiveWeights: [Float] = []
    var positiveLogSums: [Float] = []
    var classes: [Int32] = []
    var samples: [Int32] = []
    var row = KernelLossRow()
    var keptSamples: Int32

    init(length: Int, ofSample sample: Int32, keptSamples: Int32) {
      self.keptSamples = keptSamples
      var numbers = TestNumbers(seed: UInt64(length))
      row = KernelLossRow(
        log_sum_exp: 9, anchor_weight: 0.5, positive_weight: 0.25, class_number: 1, positive_log_sum: 2,
        sample_number: sample)
      for _ in 0..<length {
        similarities.append(Float(20 * numbers.uniform() - 10))
        logSums.append(Float(20 * numbers.uniform() - 5))
        anchorWeights.append(Float(numbers.uniform()))
        positiveWeights.append(Float(numbers.uniform()))
        // No positive's term is larger than their sum.
        positiveLogSums.append(Float(10 + numbers.uniform()))
        classes.append(Int32(3 * numbers.uniform()))
        samples.append(Int32(6 * numbers.uniform()))
      }
      // The row's own sum, too, is beyond all its terms.
      row.positive_log_sum = 11
    }

    /// Returns true if the second is a positive of the first.
    func isPositive(_ first: (classNumber: Int32, sample: Int32), _ second: (classNumber: Int32, sample: Int32)) -> Bool
    {
      guard first.classNumber == second.classNumber else { return false }
      // The first samples of the class, and the own one; one more of the others where the own is among them.
      let others = (0..<100 as Range<Int32>).filter { sample in sample != first.sample }.prefix(Int(keptSamples))
      return second.sample == first.sample || others.contains(second.sample)
    }

    func column(_ index: Int) -> (classNumber: Int32, sample: Int32) { (classes[index], samples[index]) }
    var own: (classNumber: Int32, sample: Int32) { (row.class_number, row.sample_number) }

    /// ∂L/∂s in one role.
    private func factor(
      _ similarity: Double, logSum: Float, weight: Float, positiveLogSum: Float, positiveWeight: Float,
      isNegative: Bool, isPositive: Bool, _ mode: KernelLossMode
    ) -> Double {
      let difference = similarity - Double(logSum)
      var factor = 0.0
      if isNegative || (isPositive && mode.denominator == KERNEL_DENOMINATOR_ALL) {
        factor += Double(weight) * exp(difference)
      }
      guard isPositive else { return factor }
      var term = Double(positiveWeight)
      if mode.denominator == KERNEL_DENOMINATOR_ONE_POSITIVE {
        term /= 1 + exp(difference)
        term *= mode.summation == KERNEL_SUM_INSIDE ? exp(-Double(positiveLogSum)) / (1 + exp(-difference)) : 1
      } else if mode.summation == KERNEL_SUM_INSIDE {
        term *= exp(similarity - Double(positiveLogSum))
      }
      return factor - term
    }

    func plainFactor(_ index: Int, _ mode: KernelLossMode) -> Double {
      let isNegative = classes[index] != row.class_number
      let similarity = Double(similarities[index])
      return factor(
        similarity, logSum: row.log_sum_exp, weight: row.anchor_weight, positiveLogSum: row.positive_log_sum,
        positiveWeight: row.positive_weight, isNegative: isNegative, isPositive: isPositive(own, column(index)), mode)
        + factor(
          similarity, logSum: logSums[index], weight: anchorWeights[index], positiveLogSum: positiveLogSums[index],
          positiveWeight: positiveWeights[index], isNegative: isNegative, isPositive: isPositive(column(index), own),
          mode)
    }

    func factors(_ mode: KernelLossMode, _ tested: TestedPath) -> [Float] {
      var line = similarities + [123]
      unsafe logSums.withUnsafeBufferPointer { logSums in
        unsafe anchorWeights.withUnsafeBufferPointer { anchorWeights in
          unsafe positiveWeights.withUnsafeBufferPointer { positiveWeights in
            unsafe positiveLogSums.withUnsafeBufferPointer { positiveLogSums in
              unsafe classes.withUnsafeBufferPointer { classes in
                unsafe samples.withUnsafeBufferPointer { samples in
                  guard let logSums = logSums.baseAddress, let anchorWeights = anchorWeights.baseAddress,
                    let positiveWeights = positiveWeights.baseAddress,
                    let positiveLogSums = positiveLogSums.baseAddress, let classes = classes.baseAddress,
                    let samples = samples.baseAddress
                  else { return }
                  unsafe tested.kernels.contrastive_mode_factors(
                    &line, similarities.count, row,
                    KernelLossColumns(
                      log_sum_exps: logSums, anchor_weights: anchorWeights, positive_weights: positiveWeights,
                      class_numbers: classes, positive_log_sums: positiveLogSums, sample_numbers: samples), mode)
                }
              }
            }
          }
        }
      }
      #expect(line.last == 123)
      return line.dropLast()
    }
  }

  private static let modes = [KERNEL_SUM_OUTSIDE, KERNEL_SUM_INSIDE].flatMap { summation in
    [KERNEL_DENOMINATOR_ALL, KERNEL_DENOMINATOR_ONE_POSITIVE, KERNEL_DENOMINATOR_NEGATIVES].map { denominator in
      KernelLossMode(summation: summation, denominator: denominator, kept_samples: 0)
    }
  }

  @Test(arguments: TestedPath.all)
  func `factors in every mode are those of a plain loop for every length of a line`(tested: TestedPath) {
    for length in Self.lengths {
      for mode in Self.modes {
        for (sample, kept) in [(0, 2), (4, 2), (2, 2), (3, 0), (3, .max)] as [(Int32, Int32)] {
          let line = Line(length: length, ofSample: sample, keptSamples: min(kept, 1000))
          var mode = mode
          mode.kept_samples = kept
          for (column, factor) in line.factors(mode, tested).enumerated() {
            let expected = line.plainFactor(column, mode)
            #expect(
              abs(Double(factor) - expected) < 2e-6 * max(1, abs(expected)),
              "column \(column) of \(length), \(mode): \(factor), expected \(expected)")
          }
        }
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `rows that are not anchors contribute nothing`(tested: TestedPath) {
    var line = Line(length: 40, ofSample: 1, keptSamples: 3)
    (line.row.log_sum_exp, line.row.positive_log_sum) = (.infinity, .infinity)
    (line.row.anchor_weight, line.row.positive_weight) = (0, 0)
    (line.logSums, line.positiveLogSums) = (line.logSums.map { _ in .infinity }, line.logSums.map { _ in .infinity })
    (line.anchorWeights, line.positiveWeights) = (line.logSums.map { _ in 0 }, line.logSums.map { _ in 0 })
    for mode in Self.modes {
      #expect(line.factors(mode, tested).allSatisfy { factor in factor == 0 })
    }
  }

  @Test(arguments: TestedPath.all)
  func `selected columns are those of a plain loop for every length of a line`(tested: TestedPath) {
    for length in Self.lengths {
      for (sample, kept) in [(0, 2), (4, 2), (3, 0), (3, .max)] as [(Int32, Int32)] {
        let line = Line(length: length, ofSample: sample, keptSamples: min(kept, 1000))
        for selection in [KERNEL_POSITIVES, KERNEL_NEGATIVES, KERNEL_POSITIVES_AND_NEGATIVES] {
          var selected = [Float](repeating: 123, count: length + 1)
          unsafe tested.kernels.select_pairs(
            line.similarities, length, line.row.class_number, sample, line.classes, line.samples, kept, selection,
            &selected)
          #expect(selected[length] == 123)
          for column in 0..<length {
            let isMeant =
              line.classes[column] != line.row.class_number
              ? selection != KERNEL_POSITIVES
              : selection != KERNEL_NEGATIVES && line.isPositive(line.own, line.column(column))
            #expect(selected[column] == (isMeant ? line.similarities[column] : -.infinity))
          }
        }
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `logarithms of sigmoids are right for every length of a line`(tested: TestedPath) {
    for length in Self.lengths {
      for isProduct in [false, true] {
        var numbers = TestNumbers(seed: UInt64(length))
        // From far below the shift to far beyond it, and some left out.
        let elements = (0..<length).map { index in
          index % 5 == 3 ? -Float.infinity : Float((numbers.uniform() - 0.5) * (index % 2 == 0 ? 10 : 300))
        }
        var line = elements + [123]
        var complements = [Float](repeating: 123, count: length + 1)
        unsafe tested.kernels.log_sigmoids(&line, length, 0.5, isProduct ? 1 : 0, &complements)
        #expect(line[length] == 123 && complements[length] == 123)
        for (index, element) in elements.enumerated() {
          guard element > -.infinity else {
            #expect(line[index] == element && complements[index] == element)
            continue
          }
          // The difference is float32's.
          let x = Double(element - 0.5)
          let logarithm = min(x, 0) - log1p(exp(-abs(x)))
          let complement = min(-x, 0) - log1p(exp(-abs(x))) + (isProduct ? logarithm : 0)
          // Below e^−87 the exponential stays at 10^−38.
          #expect(abs(Double(line[index]) - logarithm) <= 4e-7 * abs(logarithm) + 1e-37)
          #expect(abs(Double(complements[index]) - complement) <= 4e-7 * abs(complement) + 1e-37)
        }
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `a sum passes over minus infinity, and never over NaN`(tested: TestedPath) {
    for length in Self.lengths {
      var elements = (0..<length).map { index in index % 3 == 1 ? -Float.infinity : Float(index) }
      let expected = (0..<length).reduce(0) { sum, index in sum + (index % 3 == 1 ? 0 : Double(index)) }
      #expect(unsafe tested.kernels.finite_sum(elements, length) == expected)
      elements[length - 1] = .nan
      #expect(unsafe tested.kernels.finite_sum(elements, length).isNaN)
    }
  }
}
