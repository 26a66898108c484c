import Configuration
import Datasets
import Inference
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The classification of image files by a run's classifier.
package enum PredictionStage {
  /// The options of `supcon predict`.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// Files, folders, or `-` for paths read from standard input.
    package var images: [String]
    /// The number of most probable classes shown for each image.
    package var top = 1
    /// The output format.
    package var format = ResultFormat.text
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory and images.
    package init(run: String, images: [String]) {
      self.run = run
      self.images = images
    }

    /// The error message for the first invalid option; `nil` if there is none.
    package var problem: String? {
      if let problem = ImageFeatures.problem(of: images) {
        return problem
      }
      return Configuration.problem(of: "top", top, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// Classifies all images, in order.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - output: Receives the predictions, on rank 0.
  ///   - report: Receives notes and the names of files that cannot be decoded, on rank 0.
  /// - Returns: The exit status: `data` if a file cannot be decoded.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, output: Reporter,
    report: Reporter
  ) throws -> ExitStatus {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: nil, needsData: false,
      over: world, report: report)
    encoder.noteProgress(report)
    guard let classifier = try RunClassifier(of: encoder, run: request.run, over: world, report: report) else {
      let command = ClassifierFile.trainingCommand(
        run: request.run, checkpoint: encoder.isLatest ? nil : request.checkpoint, weights: encoder.weights)
      throw CollectiveError(
        error: RunError(
          .missing, "\(request.run): has no classifier\(encoder.isLatest ? "" : " of step \(encoder.state.step)")",
          remedy: "train one with \(command)"))
    }
    let images = try ImageFeatures(
      request.images, encoder, run: request.run, threads: request.threads, over: world, report: report)
    let preprocessing = images.preprocessing
    let known = classifier.classNames.isEmpty ? preprocessing.classNames : classifier.classNames
    let isNamed = known.count == classifier.bias.count
    let names = isNamed ? known : classifier.bias.indices.map(String.init)
    if !isNamed {
      report.note("\(request.run) does not hold the names of its classes: their numbers are shown")
    }
    var writer = PredictionWriter(format: request.format, top: request.top, names: names)
    writer.begin(output)
    var badCount = 0
    var contrast = ContrastCounts()
    for first in images.parts {
      let part = try images.part(from: first, over: world)
      let logits = try classifier.logits(part.rows, threads: request.threads, over: world)
      badCount += part.bad.count
      contrast.add(part.contrast)
      // The reader of the output may make this rank wait.
      world.activity.begin("writing the predictions", allowsSilence: true)
      guard world.isRoot else { continue }
      let probabilities = ClassProbabilities(logits: logits, labels: part.rows.labels, classCount: names.count)
      for (index, path) in part.paths.enumerated() {
        if let reason = part.bad[index] {
          report.error(reason)
        } else {
          writer.write(path, probabilities.probabilities(index), output)
        }
      }
    }
    writer.end(output)
    if let warning = contrast.warning(advising: ContrastCounts.adviceForTrained) { report.warn(warning) }
    return badCount == 0 ? .success : .data
  }
}
