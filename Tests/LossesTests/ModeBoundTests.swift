import Foundation
import Losses
import TestSupport
import Testing

/// Collapse value and lower bound of every mode, against the loss itself.
struct ModeBoundTests {
  /// Samples of each class; all have two views.
  private static let classSizes = [[4, 4, 4], [6, 1, 3, 1], [4, 1, 3, 2], [5, 2], [2, 2, 2, 2]]

  private func loss(_ mode: ReferenceMode, _ sizes: [Int], rows: (Int, [Int]) -> [Double]) -> ReferenceLoss {
    let samples = sizes.enumerated().flatMap { label, count in Array(repeating: label, count: count) }
    let labels = samples + samples
    return ReferenceLoss(rows: rows(labels.count, labels), width: 6, labels: labels, temperature: 0.3, mode: mode)
  }

  private func mode(_ reference: ReferenceMode) throws -> LossMode {
    var mode = LossMode()
    mode.summation = try #require(LossMode.Summation(rawValue: reference.summation))
    mode.anchors = try #require(LossMode.Anchors(rawValue: reference.contrastMode))
    mode.denominator = try #require(LossMode.Denominator(rawValue: reference.denominator))
    mode.positivesCap = reference.positivesCap
    return mode
  }

  @Test(arguments: ReferenceMode.all(views: 2, cap: 4) + ReferenceMode.all(views: 2, cap: 0))
  func `equal embeddings have the collapse value`(reference: ReferenceMode) throws {
    for sizes in Self.classSizes {
      let loss = loss(reference, sizes) { count, _ in
        (0..<count).flatMap { _ in [0.6, 0, 0, 0.8, 0, 0] }
      }
      let mode = try mode(reference)
      let doubled = sizes.map { count in 2 * count }
      #expect(abs(loss.value() - mode.collapseValue(classSizes: doubled, views: 2)) < 1e-12)
      #expect(mode.anchorCount(classSizes: doubled, views: 2) == loss.anchors)
    }
  }

  @Test(arguments: ReferenceMode.all(views: 2, cap: 4))
  func `no embeddings are below the bound`(reference: ReferenceMode) throws {
    var tightCount = 0
    for sizes in Self.classSizes {
      let bound = try mode(reference).lowerBound(
        classSizes: sizes.map { count in 2 * count }, views: 2, temperature: 0.3)
      for seed: UInt64 in 1...2 {
        var loss = loss(reference, sizes) { count, labels in
          LossCase.unitRows(count: count, width: 6, seed: seed, attraction: 0.3, labels: labels)
        }
        loss.descend(steps: 200)
        #expect(loss.value() >= bound - 1e-9, "\(sizes)")
        // At the vertices of a simplex.
        if try mode(reference).isLowerBoundTight(classSizes: sizes.map { count in 2 * count }, views: 2) {
          tightCount += 1
          #expect(loss.value() < bound + 2e-2, "\(sizes): \(loss.value()) stays above \(bound)")
        }
      }
    }
    #expect(tightCount == (reference.isOneView ? 0 : 4))
  }

  @Test func `a batch without anchors has bound and collapse value 0`() throws {
    for reference in ReferenceMode.all(views: 1, cap: 2) {
      let mode = try mode(reference)
      #expect(mode.lowerBound(classSizes: [1, 1, 1], views: 1, temperature: 0.1) == 0)
      #expect(mode.collapseValue(classSizes: [1, 1, 1], views: 1) == 0)
      #expect(mode.anchorCount(classSizes: [1, 1, 1], views: 1) == 0)
    }
    var onlyNegatives = LossMode()
    onlyNegatives.denominator = .onlyNegatives
    #expect(onlyNegatives.anchorCount(classSizes: [12], views: 2) == 0)
    #expect(onlyNegatives.lowerBound(classSizes: [12], views: 2, temperature: 0.1) == 0)
  }
}
