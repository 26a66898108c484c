import Configuration
import Datasets
import Formats
import Inference
import Job
import MPI
import OneDNN
import Runs
import WeightExchange

/// The export of representations or embeddings of a dataset, or of image files, to a `.npy` file, with tables that
/// describe the samples.
package enum EmbeddingStage {
  /// The options of `supcon embed`.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// Image files, folders, or `-` to read paths from standard input; empty for the run's dataset.
    package var images: [String] = []
    /// The output file of the features (`.npy`).
    package var output: String
    /// The output file of the labels (`.npy`); `nil` for none.
    package var labels: String?
    /// The output file of a CSV table of the samples; `nil` for none.
    package var table: String?
    /// The output folder for TensorBoard's embedding projector; `nil` for none.
    package var projector: String?
    /// The folder of the dataset; `nil` for the one that the run was trained on.
    package var data: String?
    /// The split of the dataset: `train`, `validation` or `test`; `nil` for the test images.
    package var split: Split?
    /// The kind of features: `encoder` for representations, `model` for embeddings of unit length.
    package var part = WeightLayout.Part.encoder
    /// The data type of the encoder's computation; `nil` for that of the run.
    package var precision: Precision?
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory.
    package init(run: String, output: String) {
      self.run = run
      self.output = output
    }

    /// The error message for the first invalid option; `nil` if there is none.
    package var problem: String? {
      if !images.isEmpty, labels != nil {
        return "--labels: image files have no classes; leave it out, or the images"
      }
      if !images.isEmpty, data != nil {
        return "--data: goes with the run's dataset; leave it out, or the images"
      }
      if !images.isEmpty, let split {
        return "--split \(split.rawValue): goes with the run's dataset; leave it out, or the images"
      }
      return Configuration.problem(ofThreads: threads)
    }
  }

  /// Computes the features in the order of the dataset or of the files; rank 0 writes them, one part at a time.
  ///
  /// Collective; the memory needed does not depend on the number of samples.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The exit status: `data` if a file cannot be decoded; the other files' features are still written.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws -> ExitStatus {
    world.activity.begin("opening the run", allowsSilence: true)
    var encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data,
      needsData: request.images.isEmpty, over: world, report: report)
    encoder.noteProgress(report)
    if let problem = encoder.configuration.problem(ofPart: request.part) {
      throw CollectiveError(error: RunError(.usage, problem))
    }
    if let precision = request.precision {
      let choice = try PrecisionChoice(over: world)
      encoder.configuration.compute.precision = try world.throwingTogether { try choice.resolve(precision) }
    }
    let head = request.part == .encoder ? nil : try EmbeddingHead(encoder.configuration, encoder.state)
    return request.images.isEmpty
      ? try writeDataset(request, encoder, head, over: world, report: report)
      : try writeFiles(request, encoder, head, over: world, report: report)
  }

  /// Writes the features of a split of the run's dataset.
  ///
  /// Collective.
  private static func writeDataset(
    _ request: Request, _ encoder: FrozenEncoder, _ head: EmbeddingHead?, over world: borrowing Communicator,
    report: Reporter
  ) throws -> ExitStatus {
    let configuration = encoder.configuration
    let opened = try open(request.split ?? .test, of: configuration, over: world, report: report)
    let (dataset, split) = (opened.dataset, opened.split)
    try world.agreeOnSamples(of: dataset, configuration)
    if request.labels != nil, !dataset.hasLabels {
      throw CollectiveError(
        error: RunError(
          .data, "--labels: the \(split.title) images have no labels", remedy: "leave the option out"))
    }
    let extraction = try encoder.extraction(for: dataset, threads: request.threads, over: world)
    let writer = try world.onRoot {
      try EmbeddingWriter(
        request, width: head?.width ?? extraction.width, limit: dataset.count, classNames: dataset.classNames)
    }
    let step = FeatureExtraction.samplesPerPart(threads: request.threads, ranks: world.size)
    for first in stride(from: 0, to: dataset.count, by: step) {
      let range = first..<min(first + step, dataset.count)
      let part = DatasetSubset(dataset, range.map { sample in Int32(sample) })
      let features = try extraction.features(
        of: extraction.makeLoader(part, .none, seed: configuration.compute.seed), over: world)
      try world.onRoot {
        let samples = range.map { sample in
          EmbeddingWriter.Sample(
            number: sample, name: dataset.name(at: sample), label: dataset.hasLabels ? dataset.label(at: sample) : nil)
        }
        try (writer ?? nil)?.append(head?.embeddings(of: features) ?? features, samples)
      }
    }
    try dataset.reportReplaced(over: world, report: report)
    try publish(writer ?? nil, request, encoder, "the \(split.title) samples", over: world, report: report)
    return .success
  }

  /// Opens a split of the run's dataset, or its validation images if there are no test images; if there are neither,
  /// the error suggests the split that every dataset has.
  ///
  /// Collective.
  private static func open(
    _ split: Split, of configuration: Configuration, over world: borrowing Communicator,
    report: Reporter
  ) throws -> DatasetChoice.OpenedSplit {
    do {
      return try DatasetChoice.openSplit(configuration, split, needsLabels: false, over: world, report: report)
    } catch let agreed as CollectiveError where split != .train && agreed.error.exitCode == .missing {
      throw CollectiveError(
        error: RunError(
          .missing, agreed.error.description, remedy: "for the training images give --split train"))
    }
  }

  /// Writes the features of image files; files that cannot be decoded get no row.
  ///
  /// Collective.
  private static func writeFiles(
    _ request: Request, _ encoder: FrozenEncoder, _ head: EmbeddingHead?, over world: borrowing Communicator,
    report: Reporter
  ) throws -> ExitStatus {
    let images = try ImageFeatures(
      request.images, encoder, run: request.run, threads: request.threads, over: world, report: report)
    let width = images.width
    let writer = try world.onRoot {
      try EmbeddingWriter(request, width: head?.width ?? width, limit: images.count, classNames: [])
    }
    var badCount = 0
    var contrast = ContrastCounts()
    for first in images.parts {
      let part = try images.part(from: first, over: world)
      badCount += part.bad.count
      contrast.add(part.contrast)
      try world.onRoot {
        let good = part.paths.indices.filter { index in part.bad[index] == nil }
        for index in part.bad.keys.sorted() { report.error(part.bad[index] ?? "") }
        let features = good.flatMap { index in part.rows.features[index * width..<(index + 1) * width] }
        let samples = good.map { index in
          EmbeddingWriter.Sample(number: first + index, name: part.paths[index], label: nil)
        }
        guard !good.isEmpty else { return }
        try (writer ?? nil)?.append(head?.embeddings(of: features) ?? features, samples)
      }
    }
    if let warning = contrast.warning(advising: ContrastCounts.adviceForTrained) { report.warn(warning) }
    guard badCount < images.count else {
      throw CollectiveError(
        error: RunError(.data, "\(request.output): is not written, as none of the images can be used"))
    }
    let files = counted(images.count - badCount, "image file")
    try publish(writer ?? nil, request, encoder, files, over: world, report: report)
    return badCount == 0 ? .success : .data
  }

  /// Renames the output files to their final names and reports them.
  ///
  /// Collective.
  private static func publish(
    _ writer: EmbeddingWriter?, _ request: Request, _ encoder: FrozenEncoder, _ samples: String,
    over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("writing the rows", allowsSilence: true)
    let configuration = encoder.configuration
    try world.onRoot {
      let count = try writer?.publish() ?? 0
      let isEncoder = request.part == .encoder
      let width = isEncoder ? configuration.architecture.representationWidth : configuration.widthOfEmbeddings
      report(
        "\(request.output): \(isEncoder ? "representations" : "embeddings") [\(count), \(width)] of \(samples), by \(configuration.model.name) after step \(encoder.state.step) in \(configuration.compute.resolvedPrecision.rawValue)"
      )
    }
  }
}
