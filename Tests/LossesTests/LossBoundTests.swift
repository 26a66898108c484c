import Foundation
import Losses
import TestSupport
import Testing

struct LossBoundTests {
  /// Classes at the vertices of a regular simplex: ln(n − 1 + (N − n) e^{−K/((K−1)τ)}).
  @Test(arguments: [(2, 2), (2, 50), (10, 26), (10, 102), (100, 5), (100, 2), (1000, 8)], [0.05, 0.1, 0.5, 2])
  func `classes of equal size have the simplex's value`(classes: (count: Int, size: Int), temperature: Double) {
    let (count, size) = (Double(classes.count), Double(classes.size))
    let bound = LossBound.lowerBound(
      counts: Array(repeating: classes.size, count: classes.count), temperature: temperature)
    let value = log(size - 1 + (count - 1) * size * exp(-count / ((count - 1) * temperature)))
    #expect(abs(bound - value) < 1e-9 * max(1, abs(value)), "bound \(bound), simplex \(value)")
  }

  @Test func `bounds of published settings have their known values`() {
    // CIFAR-10 at a batch of 1,024 samples, two views, τ = 0.1 (method notes: 5.317), and its collapse value.
    let counts = Array(repeating: 205, count: 8) + Array(repeating: 204, count: 2)
    #expect(abs(LossBound.lowerBound(counts: counts, temperature: 0.1) - 5.317) < 2e-3)
    #expect(abs(LossBound.collapseValue(rowCount: 2048) - 7.624) < 1e-3)
    #expect(abs(LossBound.lowerBound(counts: Array(repeating: 5, count: 100), temperature: 0.1) - 1.391_360) < 1e-6)
  }

  @Test(arguments: [2, 3, 10, 1000])
  func `the bound of a single class is the logarithm of its positives`(size: Int) {
    for temperature in [0.01, 0.1, 1] {
      #expect(abs(LossBound.lowerBound(counts: [size], temperature: temperature) - log(Double(size - 1))) < 1e-12)
    }
  }

  @Test func `batches without anchors have bound 0`() {
    #expect(LossBound.lowerBound(counts: [], temperature: 0.1) == 0)
    #expect(LossBound.lowerBound(counts: [1, 1, 1], temperature: 0.1) == 0)
    #expect(LossBound.collapseValue(rowCount: 0) == 0)
    #expect(LossBound.collapseValue(rowCount: 1) == 0)
    #expect(LossBound.collapseValue(rowCount: 2) == 0)
    #expect(LossBound.collapseValue(rowCount: 8) == log(7))
  }

  @Test func `equal embeddings have the collapse value`() {
    for labels in [[0, 0, 1, 1, 2], Array(repeating: 0, count: 9), [0, 1, 2, 0]] {
      let rows = labels.flatMap { _ in [0.6, 0.8] }
      let loss = ReferenceLoss(rows: rows, width: 2, labels: labels, temperature: 0.1)
      #expect(abs(loss.value() - LossBound.collapseValue(rowCount: labels.count)) < 1e-12)
    }
  }

  @Test(
    arguments: [[4, 4, 4], [12, 2, 2, 2], [9, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [7, 5, 3, 1], [18]], [0.1, 0.5])
  func `no embeddings are below the bound`(counts: [Int], temperature: Double) {
    let bound = LossBound.lowerBound(counts: counts, temperature: temperature)
    let labels = counts.enumerated().flatMap { label, count in Array(repeating: label, count: count) }
    for seed: UInt64 in 1...3 {
      let rows = LossCase.unitRows(count: labels.count, width: 8, seed: seed, attraction: 0, labels: labels)
      var loss = ReferenceLoss(rows: rows, width: 8, labels: labels, temperature: temperature)
      #expect(loss.value() > bound)
      loss.descend(steps: 300)
      #expect(loss.value() >= bound - 1e-9)
      // For classes of equal size, and a width that holds their simplex, the bound is attained.
      // (One class alone does not get there in these steps.)
      if Set(counts).count == 1, counts.count > 1 {
        #expect(loss.value() < bound + 1e-2, "\(loss.value()) stays above \(bound)")
      }
    }
  }
}

extension ReferenceLoss {
  /// Gradient descent on the sphere, with a step that is halved when it does not help and grows when it does.
  mutating func descend(steps: Int) {
    var value = value()
    var step = 1.0
    for _ in 0..<steps {
      let gradient = gradientThroughNormalization()
      var next = self
      for index in next.rows.indices {
        next.rows[index] -= step * gradient[index]
      }
      next = next.normalized
      let nextValue = next.value()
      if nextValue < value {
        (self, value) = (next, nextValue)
        step *= 1.5
      } else {
        step *= 0.5
      }
    }
  }
}
