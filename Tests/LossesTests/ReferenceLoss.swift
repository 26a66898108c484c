import Foundation
import Losses
import Testing

/// The contrastive losses in float64, straight from their definition, anchor by anchor and positive by positive.
///
/// With D_ip the sum over the rows that a variant has in the denominators, out: L_i = −mean_p log(e^{s_ip}/D_ip), in:
/// L_i = −log mean_p e^{s_ip}/D_ip.
struct ReferenceLoss {
  /// `[count, width]`; of any length, since the definition does not care.
  var rows: [Double]
  let width: Int
  let labels: [Int]
  let temperature: Double
  var variant = ReferenceVariant()

  var count: Int { labels.count }
  /// The rows of the batch, which come first.
  private var viewCount: Int { count - variant.prototypes }
  private var samples: Int { viewCount / variant.views }

  /// M: the rows that are anchors and have all that their loss takes.
  var anchors: Int { anchorRows.count }

  private var anchorRows: [Int] {
    (0..<viewCount).filter { row in
      (!variant.isOneView || row < samples) && !positives(of: row).isEmpty
        && (variant.denominator != "only-negatives" || !negatives(of: row).isEmpty)
    }
  }

  /// P(i): all views of the own sample and, in the order of the batch, of as many others of the class as the cap lets
  /// in, and the prototype of the class; not i itself.
  func positives(of row: Int) -> [Int] {
    let own = row % samples
    var others = (0..<samples).filter { sample in sample != own && labels[sample] == labels[row] }
    if let cap = variant.positivesCap {
      others = Array(others.prefix(cap / variant.views))
    }
    return (0..<viewCount).filter { other in
      other != row && (other % samples == own || others.contains(other % samples))
    } + (viewCount..<count).filter { prototype in labels[prototype] == labels[row] }
  }

  /// N(i).
  private func negatives(of row: Int) -> [Int] {
    labels.indices.filter { other in labels[other] != labels[row] }
  }

  /// The rows that D_ip sums.
  private func denominator(of positive: Int, among positives: [Int], negatives: [Int]) -> [Int] {
    switch variant.denominator {
    case "one-positive": [positive] + negatives
    case "only-negatives": negatives
    default: positives + negatives
    }
  }

  private func similarity(_ first: Int, _ second: Int) -> Double {
    var product = 0.0
    for index in 0..<width {
      product += rows[first * width + index] * rows[second * width + index]
    }
    return product / temperature
  }

  /// log Σ e^s over some of the similarities.
  private func logSumExp(_ similarities: [Double], over rows: [Int]) -> Double {
    let largest = rows.reduce(-Double.infinity) { largest, row in max(largest, similarities[row]) }
    return largest + log(rows.reduce(0) { sum, row in sum + exp(similarities[row] - largest) })
  }

  /// One anchor's log(e^{s_ip}/D_ip), positive by positive, and what they are made of.
  private struct Anchor {
    let similarities: [Double]
    let positives: [Int]
    let denominators: [[Int]]
    let logDenominators: [Double]
    /// s_ip less the margin, as it is in a denominator of its own.
    let ownTerms: [Double]
    var logRatios: [Double] {
      zip(positives, logDenominators).map { positive, denominator in similarities[positive] - denominator }
    }
  }

  private func anchor(_ row: Int) -> Anchor {
    let similarities = (0..<count).map { other in similarity(row, other) }
    let positives = positives(of: row)
    let negatives = negatives(of: row)
    // The same for all positives but where each stands in its own.
    let isEachOwn = variant.denominator == "one-positive"
    let denominators = (isEachOwn ? positives : [positives[0]]).map { positive in
      denominator(of: positive, among: positives, negatives: negatives)
    }
    let logs = zip(positives, denominators).map { positive, rows in
      var terms = similarities
      terms[positive] -= isEachOwn ? variant.margin : 0
      return logSumExp(terms, over: rows)
    }
    return Anchor(
      similarities: similarities, positives: positives,
      denominators: isEachOwn ? denominators : positives.map { _ in denominators[0] },
      logDenominators: isEachOwn ? logs : positives.map { _ in logs[0] },
      ownTerms: positives.map { positive in similarities[positive] - (isEachOwn ? variant.margin : 0) })
  }

  /// (g/M) Σ_i L_i.
  func value() -> Double {
    var total = 0.0
    for row in anchorRows {
      total += loss(ofRatios: anchor(row).logRatios)
    }
    return variant.scale * total / Double(max(anchors, 1))
  }

  /// ∂L/∂z_k = (1/τ) Σ_{a≠k} (G_ka + G_ak) z_a: as anchor and as contrast.
  func gradient() -> [Double] { valueAndGradient().gradient }

  /// The loss with ``gradient()``, which has the same parts.
  ///
  /// G_ia = ∂L/∂s_ia = −(g/M) Σ_p r_p ([a = p] − [a in D_ip] e^{s_ia}/D_ip), with r_p = 1/|P(i)|, or inside the share
  /// of p in the sum.
  func valueAndGradient() -> (value: Double, gradient: [Double]) {
    let rowsOfAnchors = anchorRows
    var total = 0.0
    let weight = variant.scale / Double(max(rowsOfAnchors.count, 1))
    var gradient = [Double](repeating: 0, count: rows.count)
    for row in rowsOfAnchors {
      let anchor = anchor(row)
      let logRatios = anchor.logRatios
      let logSum = logSumExp(logRatios, over: Array(logRatios.indices))
      total += loss(ofRatios: logRatios)
      var ofSimilarity = [Double](repeating: 0, count: count)
      for (index, positive) in anchor.positives.enumerated() {
        let share = weight * (variant.isInside ? exp(logRatios[index] - logSum) : 1 / Double(logRatios.count))
        ofSimilarity[positive] -= share
        for other in anchor.denominators[index] {
          let term = other == positive ? anchor.ownTerms[index] : anchor.similarities[other]
          ofSimilarity[other] += share * exp(term - anchor.logDenominators[index])
        }
      }
      for other in 0..<count where other != row {
        let factor = ofSimilarity[other] / temperature
        for index in 0..<width {
          gradient[row * width + index] += factor * rows[other * width + index]
          gradient[other * width + index] += factor * rows[row * width + index]
        }
      }
    }
    return (variant.scale * total / Double(max(rowsOfAnchors.count, 1)), gradient)
  }

  /// L_i of the log(e^{s_ip}/D_ip).
  private func loss(ofRatios logRatios: [Double]) -> Double {
    let number = Double(logRatios.count)
    return variant.isInside
      ? log(number) - logSumExp(logRatios, over: Array(logRatios.indices)) : -logRatios.reduce(0, +) / number
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
    centralDifferences(at: rows, step: 1e-5) { rows in
      var loss = self
      loss.rows = rows
      return function(loss)
    }
  }
}

/// The variant of a loss, in the command's words.
struct ReferenceVariant: Sendable, CustomTestStringConvertible {
  var summation = "out"
  var contrastMode = "all"
  var denominator = "all"
  var positivesCap: Int?
  /// Row k·N/V + n is view k of sample n.
  var views = 1
  /// g.
  var scale = 1.0
  /// ε; read where the denominators hold one positive.
  var margin = 0.0
  /// The last rows, which are contrasts and no anchors: a prototype of each class.
  var prototypes = 0

  var isInside: Bool { summation == "in" }
  var isOneView: Bool { contrastMode == "one" }

  var testDescription: String {
    "\(summation), \(contrastMode) views, \(denominator), cap \(positivesCap.map(String.init) ?? "none")"
  }

  /// The same variant of `ContrastiveLoss`.
  var lossVariant: LossVariant {
    get throws {
      var variant = LossVariant()
      variant.summation = try #require(LossVariant.Summation(rawValue: summation))
      variant.anchors = try #require(LossVariant.Anchors(rawValue: contrastMode))
      variant.denominator = try #require(LossVariant.Denominator(rawValue: denominator))
      variant.positivesCap = positivesCap
      variant.margin = margin
      variant.hasPrototypes = prototypes > 0
      return variant
    }
  }

  /// The options of `supcon`, without their dashes.
  var options: [String: String] {
    [
      "summation": summation, "contrast-mode": contrastMode, "denominator": denominator,
      "positives-cap": positivesCap.map(String.init) ?? "none",
    ]
  }

  /// Every combination of the choices, with and without a cap.
  static func all(views: Int, cap: Int) -> [ReferenceVariant] {
    ["out", "in"].flatMap { summation in
      ["all", "one"].flatMap { contrastMode in
        ["all", "one-positive", "only-negatives"].flatMap { denominator in
          [nil, cap].map { cap in
            ReferenceVariant(
              summation: summation, contrastMode: contrastMode, denominator: denominator, positivesCap: cap,
              views: views)
          }
        }
      }
    }
  }
}
