import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging
import Job
import MPI
import NeuralNet
import Runs

/// What a run's encoder is worth without any further training: k-nearest-neighbor accuracy on the test set.
package enum EvaluationStage {
  /// What samples are compared by.
  package enum Features: String, Sendable, CaseIterable {
    /// The frozen encoder's representations, scaled to unit length.
    case encoder
    /// The normalized pixels themselves: the control that shows what the encoder adds.
    case pixels
  }

  /// What the command line asks for.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The folder of the dataset, if it is not the one of the run.
    package var data: String?
    /// What samples are compared by.
    package var features = Features.encoder
    /// How many neighbors vote.
    package var neighbors = 20
    /// How many threads each rank computes features on.
    package var threads = 1

    /// The defaults for a run.
    package init(run: String) {
      self.run = run
    }

    /// What is wrong with the options alone, or `nil`.
    package var problem: String? {
      Configuration.problem(of: "neighbors", neighbors, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// Classifies the test set, with every rank calling it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: What to do.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` for what all ranks know, anything else for what ends the job at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, data: request.data, over: world, report: report)
    let training = try DatasetChoice.open(encoder.configuration, .train, over: world, report: report)
    let test = try DatasetChoice.open(encoder.configuration, .test, over: world, report: report)
    try world.agreeOnSamples(of: training, encoder.configuration)
    try world.agreeOnSamples(of: test, encoder.configuration)
    guard request.neighbors <= training.count else {
      throw CollectiveError(
        error: RunError(
          .usage, "--neighbors \(request.neighbors): the training set has only \(training.count) samples; give fewer"))
    }
    let directory = RunDirectory(path: request.run)
    try world.onRoot { try directory.createFolder("evaluation") }
    let (trainingFeatures, width) = try features(of: training, request, encoder, over: world)
    let (testFeatures, _) = try features(of: test, request, encoder, over: world)
    try training.reportReplaced(over: world, report: report)
    try test.reportReplaced(over: world, report: report)
    let correct = try KNearestNeighbors(k: request.neighbors, width: width).correctCount(
      training: trainingFeatures, trainingLabels: training.labels, test: testFeatures, testLabels: test.labels,
      over: world)
    let accuracy = Double(correct) / Double(test.count)
    world.activity.begin("writing the result", allowsSilence: true)
    let field = request.features == .encoder ? "knn_top1" : "pixel_knn_top1"
    try world.onRoot {
      let fields: [String: JSONValue] = [
        field: .number(accuracy), "neighbors": .integer(request.neighbors), "test_samples": .integer(test.count),
        "train_samples": .integer(training.count), "pretraining_steps": .integer(encoder.state.step),
      ]
      try JSONValue.merge(fields, into: "\(directory.path)/evaluation/summary.json")
      try JSONValue.merge([field: .number(accuracy)], into: directory.summaryPath)
      report("\(request.neighbors) nearest neighbors by \(request.features.rawValue): top-1 \(decimal(accuracy, 4))")
    }
  }

  /// The features of all samples on every rank, `[samples, width]`.
  ///
  /// Collective.
  private static func features(
    of dataset: any ImageDataset, _ request: Request, _ encoder: FrozenEncoder, over world: borrowing Communicator
  ) throws -> (features: [Float], width: Int) {
    switch request.features {
    case .encoder:
      let extraction = try encoder.extraction(for: dataset, threads: request.threads, over: world)
      var features = try extraction.features(
        of: extraction.makeLoader(dataset, .none, seed: encoder.configuration.seed), over: world)
      UnitNormalization.scale(&features, width: extraction.width)
      return (features, extraction.width)
    case .pixels:
      let viewSize = encoder.configuration.viewSize(of: dataset)
      let width = 3 * viewSize.pixelCount
      let loader = ShardLoader(
        dataset, .none, viewSize: viewSize, views: 1, seed: 0,
        layout: ShardLoader.ViewLayout(channelStride: width / 3, pixelStride: 1))
      world.activity.begin("pixels", allowsSilence: true)
      var pixels = [Float](repeating: 0, count: dataset.count * width)
      try world.throwingTogether {
        var views = pixels.mutableSpan
        let samples = (0..<Int32(dataset.count)).map { sample in sample }
        try loader.fill(&views, samples: samples.span, epoch: 0)
      }
      return (pixels, width)
    }
  }
}

extension ImageDataset {
  /// The classes of all samples.
  var labels: [Int32] {
    (0..<count).map { index in Int32(label(at: index)) }
  }
}
