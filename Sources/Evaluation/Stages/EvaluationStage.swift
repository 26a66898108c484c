import Configuration
import DataLoading
import Datasets
import Formats
import FoundationEssentials
import Glibc
import Imaging
import Inference
import Job
import MPI
import Measures
import NeuralNet
import Runs

/// The evaluation of a run's frozen encoder, and of its classifier if any, on the test set (docs/evaluation.md).
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
    /// The number of neighbors, k; `nil` for 20, or all training samples if there are fewer.
    package var neighbors: Int?
    /// The dataset of outliers for out-of-distribution detection; `nil` for none.
    package var outlierDataset: DataOptions.Dataset?
    /// The folder of the outlier dataset.
    package var outlierData: String?
    /// The folder of CIFAR-10-C, CIFAR-100-C or ImageNet-C, or `made-here` to corrupt the test images; `nil` for none.
    package var corruptions: String?
    /// The transfer dataset, on which the encoder is measured in place of the run's own; `nil` for the run's own.
    package var transferDataset: DataOptions.Dataset?
    /// The folder of the transfer dataset.
    package var transferData: String?
    /// True to also test the classifier on the mean logits of images and their horizontal flips.
    package var hasMirrorTest = false
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory.
    package init(run: String) {
      self.run = run
    }

    /// The name of the result's folder for the run's own data and latest checkpoint; the control with pixels has one of
    /// its own, beside the encoder's.
    var stage: String { features == .pixels ? "evaluation-pixels" : "evaluation" }

    /// The configuration that names the dataset of outliers; `nil` for none.
    var outliers: Configuration? { Self.configuration(outlierDataset, outlierData) }

    /// The configuration that names the transfer dataset; `nil` for the run's own.
    var transfer: Configuration? { Self.configuration(transferDataset, transferData) }

    private static func configuration(_ dataset: DataOptions.Dataset?, _ data: String?) -> Configuration? {
      dataset.map { name in
        var configuration = Configuration()
        configuration.data.dataset = name
        configuration.data.path = data
        return configuration
      }
    }

    /// The error message for the first invalid option; `nil` if there is none.
    package var problem: String? {
      if split == .train {
        return "--split train: expected test or validation"
      }
      return Self.problem(outliers, outlierData, "ood") ?? Self.problem(transfer, transferData, "transfer")
        ?? transferProblem ?? pixelProblem
        ?? neighbors.flatMap { neighbors in Configuration.problem(of: "neighbors", neighbors, atLeast: 1) }
        ?? Configuration.problem(ofThreads: threads)
    }

    /// Returns the error in the options for another dataset, which begin with `word`, such as `--ood-data`; `nil` if
    /// there is none.
    private static func problem(_ configuration: Configuration?, _ data: String?, _ word: String) -> String? {
      guard let configuration else {
        return data == nil ? nil : "--\(word)-data: goes with --\(word)-dataset; give both"
      }
      return configuration.dataProblem?.namingData(of: word).description
    }

    /// The error for an option that contradicts `--transfer-dataset`, because it measures on the run's own data; or
    /// `nil`.
    private var transferProblem: String? {
      guard transferDataset != nil else { return nil }
      let own: [(String, Bool)] = [
        ("data", data != nil), ("split validation", split == .validation), ("ood-dataset", outlierDataset != nil),
        ("corruptions", corruptions != nil), ("tta mirror", hasMirrorTest),
      ]
      return own.first { _, isGiven in isGiven }.map { option, _ in
        "--\(option): measures on the run's own data, --transfer-dataset on another; give one of them, and evaluate twice"
      }
    }

    /// The error for an option that contradicts `--features pixels`, because it needs the encoder; or `nil`.
    private var pixelProblem: String? {
      guard features == .pixels else { return nil }
      let other: [(String, Bool)] = [
        ("transfer-dataset", transferDataset != nil), ("ood-dataset", outlierDataset != nil),
        ("corruptions", corruptions != nil), ("tta mirror", hasMirrorTest),
        ("checkpoint \(checkpoint)", checkpoint != "latest"), ("weights-of average", weights != .raw),
      ]
      return other.first { _, isGiven in isGiven }.map { option, _ in
        "--\(option): needs the encoder; leave --features pixels out"
      }
    }
  }

  /// Evaluates a run on the test set, prints the measures and stores them.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data,
      needsData: request.transfer == nil, over: world, report: report)
    encoder.noteProgress(report)
    let data = try EvaluationData(request, encoder, over: world, report: report)
    let (training, test) = (data.training, data.test)
    let features = FrozenFeatures(encoder, threads: request.threads)
    let plainTraining = try rows(of: training, request, features, over: world)
    // The classifier is trained on representations as they are.
    let plainRows = try rows(of: test, request, features, over: world)
    let isEncoder = request.features == .encoder
    let (trainingRows, testRows) = isEncoder ? (plainTraining.unit, plainRows.unit) : (plainTraining, plainRows)
    try training.reportReplaced(over: world, report: report)
    try test.reportReplaced(over: world, report: report)
    let votes = try KNearestNeighbors(k: data.neighbors, width: trainingRows.width).votes(
      of: testRows, among: trainingRows, threads: request.threads, over: world)
    let accuracy = testRows.accuracy(of: votes)
    let field = isEncoder ? "knn_top1" : "pixel_knn_top1"
    var result = EvaluationReport()
    result.add(field, "k-NN by \(request.features.rawValue), majority of \(data.neighbors)", accuracy)
    var confusion: ConfusionMatrix?
    if isEncoder {
      let measures = EvaluationMeasures(
        training: trainingRows, test: testRows, classNames: training.classNames,
        seed: encoder.configuration.compute.seed, threads: request.threads)
      try measures.addAccuracies(&result, over: world)
      if request.transfer != nil {
        try addLinearProbe(&result, plainTraining, plainRows, classCount: training.classNames.count, over: world)
      }
      try measures.addGeometry(&result, over: world)
      if let classifier = data.classifier {
        confusion = try addClassification(
          &result, classifier, plainRows, data, request, features, over: world, report: report)
      }
      if let outliers = data.outliers {
        try measures.addDetection(
          &result, outliers: try rows(of: outliers, request, features, over: world).unit, over: world)
      }
    }
    world.activity.begin("writing the result", allowsSilence: true)
    try world.onRoot {
      result.details.merge(details(request, data, encoder)) { _, new in new }
      for line in result.table { report(line) }
      guard data.isStored else { return }
      try write(result, confusion?.csv(training.classNames), request, data, report)
      if data.resultFolder == request.stage + request.weights.suffix {
        let name = request.weights.fieldPrefix + field
        try JSONValue.merge(
          [name: .number(accuracy), RunStatus.neighborsField(of: name): .integer(data.neighbors)],
          into: RunDirectory(path: request.run).summaryPath)
      }
    }
  }

  /// Returns the description of the measured data and weights, for the file.
  private static func details(
    _ request: Request, _ data: EvaluationData, _ encoder: FrozenEncoder
  ) -> [String: JSONValue] {
    var details: [String: JSONValue] = [
      "command": .text("evaluate"), "run": .text(request.run), "neighbors": .integer(data.neighbors),
      "split": .text(data.split.rawValue), "test_samples": .integer(data.test.count),
      "train_samples": .integer(data.training.count),
    ]
    details.merge(data.origin.fields(encoder)) { _, new in new }
    if let transfer = request.transfer {
      details["transfer_dataset"] = .text(transfer.data.dataset.rawValue)
      details["transfer_data"] = transfer.data.path.map(JSONValue.text) ?? .null
    }
    if let outliers = request.outliers {
      details["ood_dataset"] = .text(outliers.data.dataset.rawValue)
      details["ood_data"] = outliers.data.path.map(JSONValue.text) ?? .null
    }
    if let classifier = data.classifier { details[KeptMeasures.classifierField] = .text(classifier.sha256) }
    return details
  }

  /// Writes the result, replacing an earlier result for the same data and checkpoint but for its ``KeptMeasures``.
  private static func write(
    _ result: EvaluationReport, _ confusion: String?, _ request: Request, _ data: EvaluationData, _ report: Reporter
  ) throws {
    let path = "\(RunDirectory(path: request.run).path)/\(data.resultFolder)"
    let summary = "\(path)/summary.json"
    let earlier = JSONValue.fields(ofFile: summary) ?? [:]
    let kept = KeptMeasures(
      of: earlier, beside: result.fields, isOfSameImages: !ResultPlace.differ(data.origin.identity, earlier))
    for note in kept.notes(path) { report.note(note) }
    let fields = result.fields.merging(kept.fields) { own, _ in own }
    try AtomicFile.write(JSONValue.object(fields).encoded(isPretty: true) + "\n", to: summary)
    if let confusion {
      try AtomicFile.write(confusion, to: "\(path)/confusion.csv")
    } else {
      unsafe unlink("\(path)/confusion.csv")
    }
  }

  /// Adds the accuracy of a linear classifier that is trained on the transfer dataset.
  ///
  /// Collective.
  private static func addLinearProbe(
    _ result: inout EvaluationReport, _ training: FeatureRows, _ test: FeatureRows, classCount: Int,
    over world: borrowing Communicator
  ) throws {
    let accuracy = try LinearProbe.accuracy(training: training, test: test, classCount: classCount, over: world)
    result.add("linear_top1", "linear classifier, top-1", accuracy.top1)
    result.add("linear_top5", "linear classifier, top-5", accuracy.top5)
  }

  /// Adds the accuracy and the other measures of the run's classifier to the report.
  ///
  /// Collective.
  private static func addClassification(
    _ result: inout EvaluationReport, _ classifier: RunClassifier, _ rows: FeatureRows, _ data: EvaluationData,
    _ request: Request, _ features: FrozenFeatures, over world: borrowing Communicator,
    report: Reporter
  ) throws -> ConfusionMatrix {
    let test = data.test
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
        try probabilities(mirrored, adding: plain.logits).accuracy.top1)
    }
    if let source = data.corruptions {
      let study = try CorruptionStudy(source, like: test, over: world) { images in
        try probabilities(Self.rows(of: images, request, features, over: world)).accuracy.top1
      }
      study.add(
        to: &result, clean: 1 - plain.accuracy.top1, classCount: classifier.bias.count, report: report)
    }
    return confusion
  }

  /// Returns the features of a dataset's samples on every rank: representations, or pixels (``Features/pixels``).
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
        let samples = Array(0..<Int32(dataset.count))
        try loader.fill(&views, samples: samples.span, epoch: 0)
      }
      return FeatureRows(features: pixels, labels: dataset.labels, width: width)
    }
  }
}
