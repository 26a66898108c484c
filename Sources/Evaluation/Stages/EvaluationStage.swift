import Configuration
import DataLoading
import Datasets
import Formats
import FoundationEssentials
import Glibc
import Imaging
import Job
import MPI
import Measures
import NeuralNet
import Runs

/// The measures of a run's frozen encoder, and of its classifier if it has one, on the test set (docs/evaluation.md).
package enum EvaluationStage {
  /// The features by which samples are compared.
  package enum Features: String, Sendable, CaseIterable {
    /// The frozen encoder's representations, scaled to unit length.
    case encoder
    /// The normalized pixels: a baseline that shows the benefit of the encoder.
    case pixels
  }

  /// The options of `supcon evaluate`.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// The split to test on: `test` or `validation`.
    package var split = Split.test
    /// The folder of the dataset; `nil` for the one that the run was trained on.
    package var data: String?
    /// The features by which samples are compared.
    package var features = Features.encoder
    /// The number k of nearest neighbors.
    package var neighbors = 20
    /// The dataset whose images serve as outliers for out-of-distribution detection; `nil` for none.
    package var outlierDataset: DataOptions.Dataset?
    /// The folder of the outlier dataset.
    package var outlierData: String?
    /// A folder of CIFAR-10-C or CIFAR-100-C files; `nil` for none.
    package var corruptions: String?
    /// True to also test the classifier on the mean logits of images and their horizontal flips.
    package var hasMirrorTest = false
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory.
    package init(run: String) {
      self.run = run
    }

    /// A configuration that selects the outlier dataset; `nil` for none.
    fileprivate var outliers: Configuration? {
      outlierDataset.map { name in
        var configuration = Configuration()
        configuration.data.dataset = name
        configuration.data.path = outlierData
        return configuration
      }
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      if outlierData != nil, outlierDataset == nil {
        return "--ood-data: goes with --ood-dataset; give both"
      }
      if split == .train {
        return "--split train: expected test or validation"
      }
      if let problem = outliers?.dataProblem {
        return problem.description.replacing("--data", with: "--ood-data")
      }
      return Configuration.problem(of: "neighbors", neighbors, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// Evaluates the run on the test set.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
      report: report)
    let (training, folder) = try encoder.openTraining(
      for: "evaluation", testing: request.split, over: world, report: report)
    let isStored = try world.onRoot { try makeFolder(folder, request, report) } ?? false
    let test = try DatasetChoice.open(encoder.configuration, request.split, over: world, report: report)
    try world.agreeOnSamples(of: training, encoder.configuration)
    try world.agreeOnSamples(of: test, encoder.configuration)
    try checkNeighbors(request, of: training)
    let outliers = try openOutliers(request, like: test, over: world, report: report)
    try checkCorruptions(request, like: test, over: world)
    let features = FrozenFeatures(encoder, threads: request.threads)
    let rows = try measuredRows(of: training, request, features, over: world)
    // The classifier was trained on representations that are not scaled to unit length.
    let plainRows = try Self.rows(of: test, request, features, over: world)
    let testRows = request.features == .encoder ? plainRows.unit : plainRows
    try training.reportReplaced(over: world, report: report)
    try test.reportReplaced(over: world, report: report)
    let correct = try KNearestNeighbors(k: request.neighbors, width: rows.width).correctCount(
      training: rows, test: testRows, threads: request.threads, over: world)
    let accuracy = Double(correct) / Double(test.count)
    let field = request.features == .encoder ? "knn_top1" : "pixel_knn_top1"
    var result = EvaluationReport()
    result.add(field, "k-NN by \(request.features.rawValue), majority of \(request.neighbors)", accuracy)
    var confusion: ConfusionMatrix?
    if request.features == .encoder {
      let measures = EvaluationMeasures(
        training: rows, test: testRows, classNames: training.classNames,
        seed: encoder.configuration.compute.seed,
        threads: request.threads)
      try measures.addAccuracies(&result, over: world)
      try measures.addGeometry(&result, over: world)
      confusion = try addClassification(&result, plainRows, test, request, features, over: world, report: report)
      if let outliers {
        try measures.addDetection(
          &result, outliers: try measuredRows(of: outliers, request, features, over: world), over: world)
      }
    }
    world.activity.begin("writing the result", allowsSilence: true)
    result.details.merge([
      "neighbors": .integer(request.neighbors), "split": .text(request.split.rawValue),
      "weights": .text(request.weights.rawValue), "test_samples": .integer(test.count),
      "train_samples": .integer(training.count), "pretraining_steps": .integer(encoder.state.step),
    ]) { _, new in new }
    try world.onRoot {
      result.table.forEach(report)
      guard isStored else { return }
      try write(result, confusion?.csv(training.classNames), into: RunDirectory(path: request.run), folder)
      if folder == "evaluation" + request.weights.suffix {
        try JSONValue.merge(
          [request.weights.fieldPrefix + field: .number(accuracy)], into: RunDirectory(path: request.run).summaryPath)
      }
    }
  }

  /// Opens the outlier dataset before any computation, so that errors appear early; `nil` if none was given.
  ///
  /// Collective.
  private static func openOutliers(
    _ request: Request, like test: any ImageDataset, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> (any ImageDataset)? {
    guard request.features == .encoder, let configuration = request.outliers else { return nil }
    func open(_ split: Split) throws -> any ImageDataset {
      try DatasetChoice.open(configuration, split, needsLabels: false, over: world, report: report)
    }
    do {
      return Renormalized(original: try open(.test), like: test)
    } catch let agreed as CollectiveError where agreed.error.exitCode == .missing {
      // Any images can serve as outliers: a folder without splits is opened as training images.
      guard let training = try? open(.train) else { throw agreed }
      return Renormalized(original: training, like: test)
    }
  }

  /// Throws if the number of neighbors exceeds the number of training samples.
  private static func checkNeighbors(_ request: Request, of training: any ImageDataset) throws(CollectiveError) {
    guard request.neighbors <= training.count else {
      throw CollectiveError(
        error: RunError(
          .usage,
          "--neighbors \(request.neighbors): the training set has only \(counted(training.count, "sample"))",
          remedy: "give fewer"
        ))
    }
  }

  /// Opens the files of all corruptions before any computation, so that errors appear early.
  ///
  /// Collective.
  private static func checkCorruptions(
    _ request: Request, like test: any ImageDataset, over world: borrowing Communicator
  ) throws {
    guard let folder = request.corruptions, request.features == .encoder else { return }
    try world.throwingTogether {
      for name in CorruptionErrors.names {
        _ = try CorruptedDataset(folder: folder, corruption: name, severity: 0, like: test)
      }
    }
  }

  /// Creates the output folder before any computation.
  ///
  /// - Returns: False if the run directory is read-only; the result is then only printed.
  private static func makeFolder(_ folder: String, _ request: Request, _ report: (String) -> Void) throws -> Bool {
    guard unsafe access(request.run, W_OK) == 0 else {
      report("note: \(request.run) cannot be written to; the result is printed only")
      return false
    }
    try RunDirectory(path: request.run).prepareResult(in: folder)
    return true
  }

  /// Replaces the result of an earlier evaluation of the same data and checkpoint.
  private static func write(
    _ result: EvaluationReport, _ confusion: String?, into directory: RunDirectory, _ folder: String
  ) throws {
    let path = "\(directory.path)/\(folder)"
    try AtomicFile.write(JSONValue.object(result.fields).encoded(isPretty: true) + "\n", to: "\(path)/summary.json")
    if let confusion {
      try AtomicFile.write(confusion, to: "\(path)/confusion.csv")
    } else {
      unsafe unlink("\(path)/confusion.csv")
    }
  }

  /// Measures the run's classifier, if it has one, and returns its confusion matrix.
  ///
  /// Collective.
  private static func addClassification(
    _ result: inout EvaluationReport, _ rows: FeatureRows, _ test: any ImageDataset, _ request: Request,
    _ features: FrozenFeatures, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> ConfusionMatrix? {
    guard let classifier = try RunClassifier(of: features.encoder, run: request.run, over: world, report: report),
      classifier.bias.count == test.classNames.count
    else {
      report(
        "note: \(request.run) has no classifier of these classes: train one with supcon linear \(request.run) to see its accuracy and calibration"
      )
      return nil
    }
    func probabilities(_ rows: FeatureRows, adding others: [Float]? = nil) throws -> ClassProbabilities {
      var logits = try classifier.logits(rows, threads: request.threads, over: world)
      for (index, other) in (others ?? []).enumerated() {
        logits[index] = (logits[index] + other) / 2
      }
      return ClassProbabilities(logits: logits, labels: rows.labels, classCount: classifier.bias.count)
    }
    let plain = try probabilities(rows)
    let confusion = EvaluationMeasures.addClassification(&result, plain, classNames: test.classNames)
    if request.hasMirrorTest {
      let mirrored = try Self.rows(of: MirroredDataset(original: test), request, features, over: world)
      result.add(
        "mirror_top1", "classifier on images and mirror images, top-1",
        try probabilities(mirrored, adding: plain.logits).topAccuracy(1))
    }
    if let folder = request.corruptions {
      var errors: [String: [Double]] = [:]
      for name in CorruptionErrors.names {
        errors[name] = try (0..<CorruptionErrors.severityCount).map { severity in
          let set = try world.throwingTogether {
            try CorruptedDataset(folder: folder, corruption: name, severity: severity, like: test)
          }
          return 1 - (try probabilities(Self.rows(of: set, request, features, over: world))).topAccuracy(1)
        }
      }
      result.add("corruption_error", "mean error under corruptions", CorruptionErrors.meanError(errors))
      result.details["corruption_errors"] = .object(
        errors.mapValues { severities in .list(severities.map { error in .number(error) }) })
    }
    return confusion
  }

  /// Returns the features by which all samples are compared, on every rank: representations of unit length, or pixels.
  ///
  /// Collective.
  private static func measuredRows(
    of dataset: any ImageDataset, _ request: Request, _ features: FrozenFeatures, over world: borrowing Communicator
  ) throws -> FeatureRows {
    let rows = try rows(of: dataset, request, features, over: world)
    return request.features == .encoder ? rows.unit : rows
  }

  /// Returns the features of all samples, not scaled to unit length, on every rank.
  ///
  /// Collective.
  private static func rows(
    of dataset: any ImageDataset, _ request: Request, _ features: FrozenFeatures, over world: borrowing Communicator
  ) throws -> FeatureRows {
    switch request.features {
    case .encoder: return try features.rows(of: dataset, over: world)
    case .pixels:
      let viewSize = features.encoder.configuration.viewSize(of: dataset)
      let width = 3 * viewSize.pixelCount
      let loader = ShardLoader(
        dataset, .none, viewSize: viewSize, views: 1, seed: 0,
        layout: ImageLayout(channelStride: width / 3, pixelStride: 1))
      world.activity.begin("pixels", allowsSilence: true)
      var pixels = [Float](repeating: 0, count: dataset.count * width)
      try world.throwingTogether {
        var views = pixels.mutableSpan
        let samples = (0..<Int32(dataset.count)).map { sample in sample }
        try loader.fill(&views, samples: samples.span, epoch: 0)
      }
      return FeatureRows(features: pixels, labels: dataset.labels, width: width)
    }
  }
}

extension ImageDataset {
  /// The labels of all samples.
  package var labels: [Int32] {
    (0..<count).map { index in Int32(label(at: index)) }
  }
}
