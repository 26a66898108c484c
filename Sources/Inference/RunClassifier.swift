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
  /// The names of the classes, on rank 0; empty if the classifier's file does not hold them.
  package let classNames: [String]

  /// Creates a run's classifier from a classifier that every rank has read.
  package init(_ classifier: ExportedClassifier) {
    (weight, bias, classNames) = (classifier.weight, classifier.bias, classifier.classNames)
  }

  /// Reads the classifier on rank 0 and broadcasts it; `nil` if the run has none for this encoder.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - run: The run directory.
  ///   - place: The place of results on the data that are classified; `nil` if no data were opened.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if the classifier's file is damaged.
  package init?(
    of encoder: FrozenEncoder, run: String, place: ResultPlace? = nil, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    let read: ExportedClassifier? =
      try world.onRoot { try ExportedClassifier(of: encoder, run: run, place: place, report: report) } ?? nil
    var counts = [Int64(read?.weight.count ?? 0), Int64(read?.bias.count ?? 0)]
    try world.broadcast(&counts)
    guard counts[1] > 0 else { return nil }
    var weight = read?.weight ?? Array(repeating: 0, count: Int(counts[0]))
    var bias = read?.bias ?? Array(repeating: 0, count: Int(counts[1]))
    try world.broadcast(&weight)
    try world.broadcast(&bias)
    (self.weight, self.bias, classNames) = (weight, bias, read?.classNames ?? [])
  }

  /// Returns the difference between the classifier's classes and those of a dataset in words, such as `its class 2 is
  /// cat, that of the dataset is dog`; `nil` if there is none.
  ///
  /// Names are compared where the classifier's file or else the run's summary holds them, otherwise numbers of classes.
  ///
  /// Collective; rank 0 knows the names and decides for all ranks.
  ///
  /// - Parameters:
  ///   - classNames: The names of the dataset's classes.
  ///   - data: The dataset in the text, such as `the dataset`.
  ///   - run: The run directory.
  ///   - world: The ranks.
  /// - Returns: The text, the same on every rank.
  /// - Throws: `MPIError` if the ranks cannot agree.
  package func difference(
    from classNames: [String], of data: String, run: String, over world: borrowing Communicator
  ) throws -> String? {
    try world.rootValue { () -> String? in
      let own = self.classNames.isEmpty ? ImagePreprocessing.classNames(ofSummaryIn: run) ?? [] : self.classNames
      return Self.difference(ofNames: own, count: bias.count, from: classNames, of: data)
    }
  }

  /// Returns the first difference between a classifier's classes and others in words; `nil` if there is none.
  ///
  /// - Parameters:
  ///   - names: The names of the classifier's classes; empty if they are not known.
  ///   - count: The number of the classifier's classes.
  ///   - others: The names of the other classes.
  ///   - data: The dataset that has the other classes.
  /// - Returns: The text.
  package static func difference(
    ofNames names: [String], count: Int, from others: [String], of data: String
  ) -> String? {
    guard count == others.count else {
      return "it knows \(counted(count, "class")), \(data) has \(others.count)"
    }
    // Names of another number of classes are not those of the classifier.
    guard names.count == count, let place = others.indices.first(where: { place in names[place] != others[place] })
    else { return nil }
    return "its class \(place) is \(names[place]), that of \(data) is \(others[place])"
  }

  /// Computes the logits of all rows, `[samples, classes]`.
  ///
  /// Collective: the ranks divide the rows, and each receives all logits.
  ///
  /// - Throws: ``CollectiveError`` if a logit is not finite.
  package func logits(_ rows: FeatureRows, threads: Int, over world: borrowing Communicator) throws -> [Float] {
    try RowWork.gather(rows: rows.count, width: bias.count, zero: Float(0), threads: threads, over: world) {
      samples, _ in
      try logits(of: samples, in: rows)
    }
  }

  /// Classifies all rows and counts the correct predictions.
  ///
  /// Collective: the ranks divide the rows; the counts are those of ``logits(_:threads:over:)``, which no rank holds.
  ///
  /// - Throws: ``CollectiveError`` if a logit is not finite.
  package func accuracy(
    on rows: FeatureRows, threads: Int, over world: borrowing Communicator
  ) throws -> TestAccuracy {
    try TestAccuracy(labels: rows.labels, classCount: bias.count, threads: threads, over: world) { samples in
      try logits(of: samples, in: rows)
    }
  }

  /// Computes the logits of a block of rows, `[block, classes]`.
  private func logits(of samples: Range<Int>, in rows: FeatureRows) throws -> [Float] {
    let products = try rows.products(samples, with: weight)
    let logits = products.indices.map { index in products[index] + bias[index % bias.count] }
    guard logits.allSatisfy(\.isFinite) else {
      throw RunError(
        .software, "the classifier's logits are not finite: it has diverged",
        remedy: "train it again with a lower --learning-rate", isDivergence: true)
    }
    return logits
  }
}
