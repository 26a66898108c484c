import Foundation

/// The loss of the paper's equation 2, L_out, in float64, straight from its definition, row by row.
struct ReferenceLoss {
  /// `[count, width]`; of any length, since the definition does not care.
  var rows: [Double]
  let width: Int
  let labels: [Int]
  let temperature: Double

  var count: Int { labels.count }

  /// M: the rows that have a positive.
  var anchors: Int {
    (0..<count).filter { row in !positives(of: row).isEmpty }.count
  }

  /// P(i).
  func positives(of row: Int) -> [Int] {
    labels.indices.filter { other in other != row && labels[other] == labels[row] }
  }

  private func similarity(_ first: Int, _ second: Int) -> Double {
    var product = 0.0
    for index in 0..<width {
      product += rows[first * width + index] * rows[second * width + index]
    }
    return product / temperature
  }

  /// log Σ_{a≠i} e^{s_ia}.
  private func logSumExp(_ similarities: [Double], without row: Int) -> Double {
    var largest = -Double.infinity
    for other in 0..<count where other != row {
      largest = max(largest, similarities[other])
    }
    var sum = 0.0
    for other in 0..<count where other != row {
      sum += exp(similarities[other] - largest)
    }
    return largest + log(sum)
  }

  /// (1/M) Σ_i (1/|P(i)|) Σ_{p∈P(i)} −log( e^{s_ip} / Σ_{a≠i} e^{s_ia} ).
  func value() -> Double {
    var total = 0.0
    var anchors = 0
    for row in 0..<count {
      let positives = positives(of: row)
      guard !positives.isEmpty else { continue }
      let similarities = (0..<count).map { other in similarity(row, other) }
      let denominator = logSumExp(similarities, without: row)
      total +=
        positives.reduce(0) { sum, positive in sum + denominator - similarities[positive] }
        / Double(positives.count)
      anchors += 1
    }
    return anchors > 0 ? total / Double(anchors) : 0
  }

  /// ∂L/∂z_k = (1/τ) Σ_{a≠k} (G_ka + G_ak) z_a: as anchor and as contrast.
  ///
  /// G_ia = ∂L/∂s_ia = (1/M) (softmax_ia − [a∈P(i)]/|P(i)|).
  func gradient() -> [Double] {
    let weight = 1 / Double(max(anchors, 1))
    var gradient = [Double](repeating: 0, count: rows.count)
    for row in 0..<count {
      let positives = positives(of: row)
      guard !positives.isEmpty else { continue }
      let similarities = (0..<count).map { other in similarity(row, other) }
      let denominator = logSumExp(similarities, without: row)
      var ofSimilarity = similarities.map { similarity in weight * exp(similarity - denominator) }
      for positive in positives {
        ofSimilarity[positive] -= weight / Double(positives.count)
      }
      for other in 0..<count where other != row {
        let factor = ofSimilarity[other] / temperature
        for index in 0..<width {
          gradient[row * width + index] += factor * rows[other * width + index]
          gradient[other * width + index] += factor * rows[row * width + index]
        }
      }
    }
    return gradient
  }

  /// The same loss of the rows scaled to unit length.
  var normalized: ReferenceLoss {
    var copy = self
    for row in 0..<count {
      let length = (0..<width).reduce(0) { sum, index in sum + rows[row * width + index] * rows[row * width + index] }
        .squareRoot()
      for index in 0..<width {
        copy.rows[row * width + index] /= length
      }
    }
    return copy
  }

  /// The gradient of `normalized.value()` with respect to the rows as they are: (∂L/∂z − (z·∂L/∂z) z)/‖u‖.
  func gradientThroughNormalization() -> [Double] {
    let unit = normalized
    var gradient = unit.gradient()
    for row in 0..<count {
      var product = 0.0
      var squares = 0.0
      for index in row * width..<(row + 1) * width {
        product += unit.rows[index] * gradient[index]
        squares += rows[index] * rows[index]
      }
      for index in row * width..<(row + 1) * width {
        gradient[index] = (gradient[index] - product * unit.rows[index]) / squares.squareRoot()
      }
    }
    return gradient
  }

  /// Central finite differences of a function of the rows.
  func differences(_ function: (ReferenceLoss) -> Double) -> [Double] {
    let step = 1e-5
    return rows.indices.map { index in
      var (above, below) = (self, self)
      above.rows[index] += step
      below.rows[index] -= step
      return (function(above) - function(below)) / (2 * step)
    }
  }
}
