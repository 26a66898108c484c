import Configuration
import Job
import MPI
import Measures
import OneDNN
import Runs
import WeightExchange

/// The classifier of a run, on every rank: that of the linear probe, or else the one trained along with the encoder.
package struct RunClassifier: Sendable {
  /// The weight of the linear classifier, `[classes, width]`.
  package let weight: [Float]
  /// The bias of the linear classifier, `[classes]`.
  package let bias: [Float]

  /// Creates a run's classifier from a classifier that every rank has read.
  init(_ classifier: ExportedClassifier) {
    (weight, bias) = (classifier.weight, classifier.bias)
  }

  /// Reads the classifier on rank 0 and broadcasts it; `nil` if the run has none for this encoder.
  ///
  /// Collective.
  package init?(
    of encoder: FrozenEncoder, run: String, over world: borrowing Communicator, report: Reporter
  ) throws {
    let width = encoder.configuration.architecture.representationWidth
    let read = try world.onRoot { () throws -> ExportedClassifier? in
      try ExportedClassifier(run: run, weights: encoder.weights, step: encoder.state.step, width: width, report: report)
        ?? (encoder.configuration.isClassifying ? ExportedClassifier(of: encoder.state) : nil)
    }
    let own = (read ?? nil).map { classifier in (classifier.weight, classifier.bias) } ?? ([], [])
    var counts = [Int64(own.0.count), Int64(own.1.count)]
    try world.broadcast(&counts)
    guard counts[1] > 0 else { return nil }
    var (weight, bias) =
      world.isRoot
      ? own : (Array(repeating: 0, count: Int(counts[0])), Array(repeating: 0, count: Int(counts[1])))
    try world.broadcast(&weight)
    try world.broadcast(&bias)
    (self.weight, self.bias) = (weight, bias)
  }

  /// Computes the logits of all rows, `[samples, classes]`.
  ///
  /// Collective: the ranks divide the rows, and each receives all logits.
  package func logits(_ rows: FeatureRows, threads: Int, over world: borrowing Communicator) throws -> [Float] {
    let (weight, bias) = (weight, bias)
    return try RowWork.gather(rows: rows.count, width: bias.count, zero: Float(0), threads: threads, over: world) {
      samples in
      let products = try rows.products(samples, with: weight)
      return products.indices.map { index in products[index] + bias[index % bias.count] }
    }
  }
}
