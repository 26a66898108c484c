import Glibc
import MPI

extension Double: LossScalar {
  /// Returns the functions that compute a variant of the loss, for float64.
  public static func passes(of variant: LossVariant) -> LossPasses<Double> {
    variant.isStandard ? LossPasses(StandardLoss<Double>()) : LossPasses(GeneralLoss<Double>(variant: variant))
  }
}

/// Plain loops that use no library: the reference for the float32 implementation.
extension Double: TileArithmetic {
  /// Computes a tile of similarities row by row, all columns at once.
  @unsafe static func similarities(
    rows: UnsafePointer<Double>, rowCount: Int, columns: UnsafePointer<Double>, columnStride: Int, columnCount: Int,
    width: Int, scale: Double, into tile: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rowCount {
      let line = unsafe tile + row * columnCount
      unsafe line.update(repeating: 0, count: columnCount)
      for index in 0..<width {
        let element = unsafe rows[row * width + index]
        for column in 0..<columnCount {
          unsafe line[column] += element * columns[index * columnStride + column]
        }
      }
      for column in 0..<columnCount {
        unsafe line[column] *= scale
      }
    }
  }

  /// Adds the product of a tile with the embeddings, row by row and one column at a time.
  @unsafe static func accumulate(
    tile: UnsafePointer<Double>, rowCount: Int, columns: UnsafePointer<Double>, columnCount: Int, width: Int,
    scale: Double, isFirst: Bool, into sums: UnsafeMutablePointer<Double>
  ) {
    if isFirst {
      unsafe sums.update(repeating: 0, count: rowCount * width)
    }
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        let factor = unsafe scale * tile[row * columnCount + column]
        for index in 0..<width {
          unsafe sums[row * width + index] += factor * columns[column * width + index]
        }
      }
    }
  }

  /// Returns the maximum of `least` and the elements of a line (row of a tile), comparing one element at a time.
  @inline(__always)
  @unsafe static func largest(_ line: UnsafePointer<Double>, count: Int, atLeast least: Double) -> Double {
    var largest = least
    for index in 0..<count {
      let element = unsafe line[index]
      largest = element > largest ? element : largest
    }
    return largest
  }

  /// Returns Σ e^(x − shift) over a line (row of a tile), with the C library's exponential.
  @inline(__always)
  @unsafe static func exponentialSum(_ line: UnsafePointer<Double>, count: Int, minus shift: Double) -> Double {
    var sum = 0.0
    for index in 0..<count {
      unsafe sum += exp(line[index] - shift)
    }
    return sum
  }

  /// Replaces a line's similarities by the gradient factors of the standard loss, with the C library's exponential.
  @inline(__always)
  @unsafe static func pairFactors(
    _ line: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Double>
  ) {
    for column in columns {
      let similarity = unsafe line[column - columns.lowerBound]
      let asAnchor = unsafe weights.anchor[row] * exp(similarity - weights.logSumExps[row])
      let asContrast = unsafe weights.anchor[column] * exp(similarity - weights.logSumExps[column])
      let positives =
        unsafe pairs.classes[column] == pairs.classes[row] ? weights.positive[row] + weights.positive[column] : 0
      unsafe line[column - columns.lowerBound] = asAnchor + asContrast - positives
    }
  }

  /// Replaces a line's similarities by the gradient factors of any variant of the loss, directly from the derivatives.
  @inline(__always)
  @unsafe static func generalFactors(
    _ line: UnsafeMutablePointer<Double>, row: Int, columns: Range<Int>, pairs: PairTable,
    weights: RowWeights<Double>, variant: LossVariant
  ) {
    for column in columns {
      let similarity = unsafe line[column - columns.lowerBound]
      let asAnchor = unsafe roleFactor(similarity, anchor: row, other: column, pairs, weights, variant)
      let asContrast = unsafe roleFactor(similarity, anchor: column, other: row, pairs, weights, variant)
      unsafe line[column - columns.lowerBound] = asAnchor + asContrast
    }
  }

  /// Returns ∂L_i/∂s_ia, the derivative of anchor i's loss with respect to its similarity to sample a.
  @inline(__always)
  private static func roleFactor(
    _ similarity: Double, anchor: Int, other: Int, _ pairs: PairTable, _ weights: RowWeights<Double>,
    _ variant: LossVariant
  ) -> Double {
    let isNegative = unsafe pairs.classes[anchor] != pairs.classes[other]
    let isPositive = unsafe pairs.isPositive(other, ofAnchor: anchor)
    let difference = unsafe similarity - weights.logSumExps[anchor]
    var factor = 0.0
    if isNegative || (isPositive && variant.denominator == .all) {
      unsafe factor += weights.anchor[anchor] * exp(difference)
    }
    guard isPositive else { return factor }
    let weight = unsafe weights.positive[anchor]
    let positiveLogSum = unsafe weights.positiveLogSums[anchor]
    switch (variant.summation, variant.denominator) {
    case (.outside, .onePositive): factor -= weight * exp(logSigmoid(-difference))
    case (.inside, .onePositive):
      factor -= weight * exp(logSigmoid(-difference) + logSigmoid(difference) - positiveLogSum)
    case (.outside, _): factor -= weight
    case (.inside, _): factor -= weight * exp(similarity - positiveLogSum)
    }
    return factor
  }

  /// Returns log σ(x) = −log(1 + e^−x).
  private static func logSigmoid(_ x: Double) -> Double {
    min(x, 0) - log1p(exp(-abs(x)))
  }

  /// Copies a line's similarities to positives or negatives, and −∞ elsewhere, one column at a time.
  @inline(__always)
  @unsafe static func select(
    _ selection: PairSelection, of line: UnsafePointer<Double>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Double>
  ) {
    for column in columns {
      let isNegative = unsafe pairs.classes[column] != pairs.classes[row]
      let isSelected =
        unsafe (isNegative && selection != .positives)
        || (selection != .negatives && pairs.isPositive(column, ofAnchor: row))
      let index = column - columns.lowerBound
      unsafe selected[index] = isSelected ? line[index] : -.infinity
    }
  }

  /// Computes log σ(x) and log σ(−x) of a line's elements x, less a shift, one element at a time.
  @inline(__always)
  @unsafe static func logSigmoids(
    _ line: UnsafeMutablePointer<Double>, count: Int, minus shift: Double, isProduct: Bool,
    complements: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count {
      let element = unsafe line[index]
      guard element != -.infinity else {
        unsafe complements[index] = element
        continue
      }
      let logarithm = logSigmoid(element - shift)
      let complement = logSigmoid(shift - element)
      unsafe line[index] = logarithm
      unsafe complements[index] = isProduct ? complement + logarithm : complement
    }
  }

  /// Returns the sum of a line's elements other than −∞, added one at a time.
  @inline(__always)
  @unsafe static func finiteSum(_ line: UnsafePointer<Double>, count: Int) -> Double {
    var sum = 0.0
    for index in 0..<count {
      let element = unsafe line[index]
      sum += element == -.infinity ? 0 : element
    }
    return sum
  }
}
