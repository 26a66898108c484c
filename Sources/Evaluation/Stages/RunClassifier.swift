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
  init(_ classifier: ExportedClassifier) {
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
    let width = encoder.configuration.architecture.representationWidth
    let read = try world.onRoot { () throws -> ExportedClassifier? in
      let folders = Self.folders(of: encoder, place, in: RunDirectory(path: run))
      return try ExportedClassifier(run: run, folders: folders, step: encoder.state.step, width: width, report: report)
        ?? (encoder.configuration.isClassifying ? ExportedClassifier(of: encoder.state) : nil)
    }
    classNames = read??.classNames ?? []
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
  ) throws(MPIError) -> String? {
    var found: String?
    if world.isRoot {
      let own = self.classNames.isEmpty ? ImagePreprocessing.classNames(ofSummaryIn: run) ?? [] : self.classNames
      found = Self.difference(ofNames: own, count: bias.count, from: classNames, of: data)
    }
    let text = try world.broadcast(text: found ?? "")
    return text.isEmpty ? nil : text
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

  /// Returns the folders of a run directory in which its classifier may lie, the best first; on rank 0.
  private static func folders(of encoder: FrozenEncoder, _ place: ResultPlace?, in run: RunDirectory) -> [String] {
    let (weights, step) = (encoder.weights, encoder.state.step)
    let own = ClassifierFile.folders(of: weights, step: step)
    if let place { return place.classifierFolders(in: run) + own }
    return encoder.configuration.isClassifying ? own : ClassifierFile.folders(of: weights, step: step, in: run)
  }

  /// Computes the logits of all rows, `[samples, classes]`.
  ///
  /// Collective: the ranks divide the rows, and each receives all logits.
  ///
  /// - Throws: ``CollectiveError`` if a logit is not finite.
  package func logits(_ rows: FeatureRows, threads: Int, over world: borrowing Communicator) throws -> [Float] {
    let (weight, bias) = (weight, bias)
    let logits = try RowWork.gather(rows: rows.count, width: bias.count, zero: Float(0), threads: threads, over: world)
    {
      samples in
      let products = try rows.products(samples, with: weight)
      return products.indices.map { index in products[index] + bias[index % bias.count] }
    }
    guard logits.allSatisfy(\.isFinite) else {
      throw CollectiveError(
        error: RunError(
          .software, "the classifier's logits are not finite: it has diverged",
          remedy: "train it again with a lower --learning-rate"))
    }
    return logits
  }
}
