import Foundation
import Losses
import TestSupport
import Testing

/// Collapse value and lower bound of every variant, against the loss itself.
struct VariantBoundTests {
  /// Samples of each class; all have two views.
  private static let classSizes = [[4, 4, 4], [6, 1, 3, 1], [4, 1, 3, 2], [5, 2], [2, 2, 2, 2]]

  private func loss(_ variant: ReferenceVariant, _ sizes: [Int], rows: (Int, [Int]) -> [Double]) -> ReferenceLoss {
    let samples = sizes.enumerated().flatMap { label, count in Array(repeating: label, count: count) }
    let labels = samples + samples
    return ReferenceLoss(rows: rows(labels.count, labels), width: 6, labels: labels, temperature: 0.3, variant: variant)
  }

  @Test(arguments: ReferenceVariant.all(views: 2, cap: 4) + ReferenceVariant.all(views: 2, cap: 0))
  func `equal embeddings have the collapse value`(reference: ReferenceVariant) throws {
    for sizes in Self.classSizes {
      let loss = loss(reference, sizes) { count, _ in
        (0..<count).flatMap { _ in [0.6, 0, 0, 0.8, 0, 0] }
      }
      let variant = try reference.lossVariant
      let doubled = sizes.map { count in 2 * count }
      #expect(abs(loss.value() - variant.collapseValue(classSizes: doubled, views: 2)) < 1e-12)
      #expect(variant.anchorCount(classSizes: doubled, views: 2) == loss.anchors)
    }
  }

  @Test(arguments: ReferenceVariant.all(views: 2, cap: 4))
  func `no embeddings are below the bound`(reference: ReferenceVariant) throws {
    var tightCount = 0
    for sizes in Self.classSizes {
      let bound = try reference.lossVariant.lowerBound(
        classSizes: sizes.map { count in 2 * count }, views: 2, temperature: 0.3)
      for seed: UInt64 in 1...2 {
        var loss = loss(reference, sizes) { count, labels in
          LossCase.unitRows(count: count, width: 6, seed: seed, attraction: 0.3, labels: labels)
        }
        loss.descend(steps: 200)
        #expect(loss.value() >= bound - 1e-9, "\(sizes)")
        // At the vertices of a simplex, where all rows are anchors.
        if Set(sizes).count == 1, sizes.count > 1, !reference.isOneView {
          tightCount += 1
          #expect(loss.value() < bound + 2e-2, "\(sizes): \(loss.value()) stays above \(bound)")
        }
      }
    }
    #expect(tightCount == (reference.isOneView ? 0 : 4))
  }

  @Test func `a batch without anchors has bound and collapse value 0`() throws {
    for reference in ReferenceVariant.all(views: 1, cap: 2) {
      let variant = try reference.lossVariant
      #expect(variant.lowerBound(classSizes: [1, 1, 1], views: 1, temperature: 0.1) == 0)
      #expect(variant.collapseValue(classSizes: [1, 1, 1], views: 1) == 0)
      #expect(variant.anchorCount(classSizes: [1, 1, 1], views: 1) == 0)
    }
    var onlyNegatives = LossVariant()
    onlyNegatives.denominator = .onlyNegatives
    #expect(onlyNegatives.anchorCount(classSizes: [12], views: 2) == 0)
    #expect(onlyNegatives.lowerBound(classSizes: [12], views: 2, temperature: 0.1) == 0)
  }
}
