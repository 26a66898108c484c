import Configuration
import Glibc
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The classes that a run's classifier gives to image files.
package enum PredictionStage {
  /// The output format of predictions.
  package enum Format: String, Sendable, CaseIterable {
    /// One line per file: path, then class and probability, most probable first.
    case text
    /// One line per file and rank of the class: path, rank, class, probability.
    case csv
    /// A list of objects.
    case json
  }

  /// The options of the command.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights of the checkpoint: those of its step, or their moving average.
    package var weights = RunWeights.raw
    /// Files, folders, or `-` for paths read from standard input.
    package var images: [String]
    /// The number of most probable classes shown for each image.
    package var top = 1
    /// The output format.
    package var format = Format.text
    /// The number of threads of each rank.
    package var threads = 1

    /// The defaults for a run and images.
    package init(run: String, images: [String]) {
      self.run = run
      self.images = images
    }

    /// The error in the options themselves, or `nil`.
    package var problem: String? {
      if images.isEmpty {
        return "no images: give files, folders, or - for a list on the standard input"
      }
      return Configuration.problem(of: "top", top, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// The number of files read before their predictions are written.
  private static let filesPerPart = 2048
  /// The largest number of files computed one by one; a block of 64 would take longer.
  private static let fewFiles = 16

  /// Classifies all images, in order.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - output: Receives the predictions, on rank 0.
  ///   - report: Receives notes and the files that cannot be decoded, on rank 0.
  /// - Returns: `data` if a file cannot be decoded.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, output: (String) -> Void,
    report: @escaping (String) -> Void
  ) throws -> ExitStatus {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: nil, needsData: false,
      over: world, report: report)
    let preprocessing = ImagePreprocessing(encoder.configuration, run: request.run)
    guard let classifier = try RunClassifier(of: encoder, run: request.run, over: world, report: report) else {
      throw CollectiveError(
        error: RunError(.missing, "\(request.run): has no classifier; train one with supcon linear \(request.run)"))
    }
    guard let preprocessing else {
      throw CollectiveError(
        error: RunError(
          .configuration, "\(request.run)/config.yaml: names no mean, std and image-size; train again to have them"))
    }
    let isNamed = preprocessing.classNames.count == classifier.bias.count
    let names = isNamed ? preprocessing.classNames : classifier.bias.indices.map(String.init)
    if !isNamed {
      report("note: \(request.run) does not hold the names of its classes: their numbers are shown")
    }
    let list = try world.onRoot { ImageFiles.expand(request.images).joined(separator: "\0") } ?? ""
    let paths = try world.broadcast(text: list).split(separator: "\0").map(String.init)
    guard !paths.isEmpty else {
      throw CollectiveError(
        error: RunError(.missing, "\(request.images.joined(separator: ", ")): no image files found"))
    }
    let blockSize = paths.count <= fewFiles ? 1 : FeatureExtraction.usualBlockSize
    let extraction = try world.throwingTogether {
      try FeatureExtraction(
        encoder.configuration, encoder.state, viewSize: preprocessing.viewSize, threads: request.threads,
        samplesPerBlock: blockSize)
    }
    var writer = PredictionWriter(format: request.format, top: request.top, names: names)
    writer.begin(output)
    var badCount = 0
    for first in stride(from: 0, to: paths.count, by: filesPerPart) {
      let part = Array(paths[first..<min(first + filesPerPart, paths.count)])
      let files = ImageFiles(part, preprocessing)
      let features = try extraction.features(of: extraction.makeLoader(files, .none, seed: 0), over: world)
      let rows = FeatureRows(
        features: features, labels: Array(repeating: 0, count: part.count), width: extraction.width)
      let logits = try classifier.logits(rows, threads: request.threads, over: world)
      let bad = try badFiles(files, over: world)
      badCount += bad.count
      guard world.isRoot else { continue }
      let probabilities = ClassProbabilities(logits: logits, labels: rows.labels, classCount: names.count)
      for (index, path) in part.enumerated() {
        if let reason = bad[index] {
          report("Error: \(reason)")
        } else {
          writer.write(path, probabilities.logProbabilities(index).map { exp($0) }, output)
        }
      }
    }
    writer.end(output)
    return badCount == 0 ? .success : .data
  }

  /// Gathers the files of all ranks that could not be decoded, with their errors.
  ///
  /// Collective.
  static func badFiles(_ files: ImageFiles, over world: borrowing Communicator) throws -> [Int: String] {
    let own = files.badFiles.map { index, reason in "\(index)\t\(reason)" }.joined(separator: "\0")
    let all = try world.allGather(text: own).flatMap { text in text.split(separator: "\0") }
    return all.reduce(into: [:]) { bad, line in
      let parts = line.split(separator: "\t", maxSplits: 1)
      if let index = Int(parts[0]) {
        bad[index] = String(parts[1])
      }
    }
  }
}
