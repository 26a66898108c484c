import Losses
import TestSupport
import Testing

/// The loss in one process against its definition: named variants, and the margin in every variant that has one.
@Suite struct InProcessLossTests {
  /// Classes of several sizes in 26 rows of two views each, in the row order of one group.
  private static let sampleLabels = [0, 1, 2, 0, 1, 3, 0, 4, 4, 1, 2, 0, 0]
  private static let width = 6
  private static let temperature = 0.3

  private func reference(_ variant: ReferenceVariant) -> ReferenceLoss {
    let labels = Self.sampleLabels + Self.sampleLabels
    return ReferenceLoss(
      rows: LossCase.unitRows(count: labels.count, width: Self.width, seed: 5, attraction: 0.6, labels: labels),
      width: Self.width, labels: labels, temperature: Self.temperature, variant: variant)
  }

  /// Relative errors of loss and gradient.
  private func errors<Scalar: LossScalar>(_ variant: LossVariant, _ reference: ReferenceLoss, _: Scalar.Type) -> Double
  {
    let loss = ContrastiveLoss<Scalar>(
      blocks: RowBlocks(rowCount: reference.count, rowsPerShard: 8, ranks: 1), width: Self.width,
      temperature: Self.temperature, scale: reference.variant.scale, variant: variant,
      rowOrder: RowOrder(samplesPerGroup: reference.count / 2, views: 2),
      threads: 2)
    var rounded = reference
    rounded.rows = reference.rows.map { element in Double(Scalar(element)) }
    let result = loss.lossAndGradient(
      of: rounded.rows.map { element in Scalar(element) }, classes: RowClasses(labels: reference.labels))
    let gradient = rounded.gradient()
    let largest = gradient.reduce(0) { largest, element in max(largest, abs(element)) }
    let difference = zip(result.gradient, gradient).reduce(0) { largest, pair in
      max(largest, abs(Double(pair.0) - pair.1))
    }
    // A sum, because a maximum can lose a NaN.
    return abs(result.loss - rounded.value()) + difference / largest
  }

  @Test func `SINCERE contrasts each positive with the negatives alone`() {
    let reference = reference(ReferenceVariant(denominator: "one-positive", views: 2))
    #expect(errors(.sincere, reference, Double.self) < 1e-12)
    #expect(errors(.sincere, reference, Float.self) < 1e-5)
  }

  @Test func `supervised decoupled contrastive loss has no positive in its denominators`() {
    let reference = reference(ReferenceVariant(denominator: "only-negatives", views: 2))
    #expect(errors(.supervisedDecoupled, reference, Double.self) < 1e-12)
    #expect(errors(.supervisedDecoupled, reference, Float.self) < 1e-5)
  }

  /// The factor g, of which --loss-scale and --contrastive-weight are made.
  @Test(arguments: ReferenceVariant.all(views: 2, cap: 2))
  func `a factor multiplies loss and gradient in every variant`(variant: ReferenceVariant) throws {
    var scaled = variant
    scaled.scale = 0.3
    let reference = reference(scaled)
    let lossVariant = try scaled.lossVariant
    #expect(errors(lossVariant, reference, Double.self) < 1e-12)
    if !variant.isInside, !variant.isOneView, variant.positivesCap == nil {
      #expect(errors(lossVariant, reference, Float.self) < 1e-5)
    }
  }

  @Test(arguments: ["out", "in"], ["all", "one"])
  func `a margin lowers the own positive in its denominator`(summation: String, anchors: String) throws {
    for (margin, cap) in [(0.0, nil), (0.5, nil), (2.5, nil), (2.5, 2)] as [(Double, Int?)] {
      var variant = LossVariant.supInfoNCE(margin: margin)
      variant.summation = try #require(LossVariant.Summation(rawValue: summation))
      variant.anchors = try #require(LossVariant.Anchors(rawValue: anchors))
      variant.positivesCap = cap
      let reference = reference(
        ReferenceVariant(
          summation: summation, contrastMode: anchors, denominator: "one-positive", positivesCap: cap, views: 2,
          margin: margin))
      #expect(errors(variant, reference, Double.self) < 1e-12, "margin \(margin)")
      #expect(errors(variant, reference, Float.self) < 1e-5, "margin \(margin)")
    }
  }

  @Test func `the definition with a margin has the gradient of its value`() {
    let reference = reference(ReferenceVariant(denominator: "one-positive", views: 2, margin: 1.5))
    let gradient = reference.gradient()
    for (analytic, numeric) in zip(gradient, reference.differences { loss in loss.value() }) {
      #expect(abs(analytic - numeric) < 1e-8)
    }
  }

  @Test func `margins move collapse value and lower bound`() {
    let sizes = [4, 4, 4]
    let variant = LossVariant.supInfoNCE(margin: 1.5)
    let rows = (0..<12).flatMap { _ in [0.6, 0.8] }
    let labels = (0..<12).map { row in row % 6 / 2 }
    let equal = ReferenceLoss(
      rows: rows, width: 2, labels: labels, temperature: 0.3,
      variant: ReferenceVariant(denominator: "one-positive", views: 2, margin: 1.5))
    #expect(abs(equal.value() - variant.collapseValue(classSizes: sizes, views: 2)) < 1e-12)
    var loss = ReferenceLoss(
      rows: LossCase.unitRows(count: 12, width: 6, seed: 1, attraction: 0.3, labels: labels), width: 6, labels: labels,
      temperature: 0.3, variant: equal.variant)
    loss.descend(steps: 300)
    let bound = variant.lowerBound(classSizes: sizes, views: 2, temperature: 0.3)
    #expect(loss.value() >= bound - 1e-9)
    #expect(loss.value() < bound + 2e-2)
  }
}
