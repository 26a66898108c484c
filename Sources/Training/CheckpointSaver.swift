import Configuration
import Evaluation
import Formats
import Glibc
import Job
import MPI
import Runs
import WeightExchange

/// A writer of a run's results: checkpoints and `summary.json` during training, the encoder's weights at the end.
///
/// The checkpoint is completed last: if it exists, the other files of its step exist too, unless writing them failed.
final class CheckpointSaver {
  private let configuration: Configuration
  /// The run directory on rank 0; `nil` on other ranks.
  private let directory: RunDirectory?
  private let logged: LoggedResults?
  private let report: Reporter
  private let writer = CheckpointWriter()
  /// The number of seconds for which the last save delayed training.
  private(set) var lastSeconds = 0.0

  /// Creates the saver of an opened run.
  init(_ opened: OpenedRun, report: Reporter) {
    configuration = opened.configuration.withAbsolutePaths
    directory = opened.directory
    logged = opened.logged
    self.report = report
  }

  /// Begins to save a checkpoint and the summary: writes to the file cache now, and completes them in the background.
  ///
  /// Collective. No copy of the state is made. A failed save is reported by the next save or evaluation; training
  /// continues and earlier checkpoints are kept.
  func begin(_ state: TrainingState, _ log: RunLog, over world: borrowing Communicator) throws {
    let start = ProcessMeasurements.now()
    world.activity.begin("step \(state.step), checkpoint", allowsSilence: true)
    try save(state, log, .running, over: world)
    lastSeconds = ProcessMeasurements.now() - start
  }

  /// Writes the best checkpoint, and replaces the previous one in the background.
  ///
  /// - Parameters:
  ///   - state: The training state at the best evaluation so far.
  ///   - best: The measure, its value and the step.
  ///   - log: The run's log.
  func begin(_ state: TrainingState, best: BestCheckpoint, _ log: RunLog) {
    guard let directory else { return }
    settle(log)
    log.best = best
    let configuration = configuration
    writer.begin(.best, step: state.step) { () throws(FileError) in
      try directory.checkpoints.prepare(Checkpoint(configuration: configuration, state: state), as: best)
    } complete: { contents throws(FileError) in
      try contents.publish()
      return nil
    }
  }

  /// Waits until the last save has ended, and reports its failure.
  func settle(_ log: RunLog) {
    writer.wait()
    reportFailure(log)
  }

  /// Reports the failure of the last save that has ended, if it failed.
  ///
  /// The best checkpoint of the log is then the one that is stored, so that the next evaluation that exceeds it is
  /// saved.
  func reportFailure(_ log: RunLog) {
    guard let failure = writer.takeFailure() else { return }
    switch failure.part {
    case .checkpoint:
      report.warn(
        "the checkpoint of step \(failure.step) could not be written: \(failure.error); the run goes on and tries again, "
          + (isFirst ? Self.consequenceOfNone : "the checkpoints before it stand"))
    case .best:
      log.best = storedBest
      report.warn(
        "the best checkpoint of step \(failure.step) could not be written: \(failure.error); later evaluations that exceed it are saved, "
          + (log.best.map { best in "the best one stored is that of step \(best.step)" } ?? "no best one is stored yet")
      )
    case .results:
      report.warn("\(failure.error); the checkpoint of step \(failure.step) is saved, and the run goes on")
    }
  }

  /// The best checkpoint on disk by the measure of `--keep-best`; `nil` if there is none.
  var storedBest: BestCheckpoint? {
    guard let measure = configuration.checkpoints.best?.rawValue, let best = directory?.checkpoints.best() else {
      return nil
    }
    return best.measure == measure ? best : nil
  }

  /// True if no checkpoint is stored yet.
  private var isFirst: Bool { directory?.checkpoints.steps.isEmpty ?? false }

  private static let consequenceOfNone = "no checkpoint is stored yet: --resume begins from the start"

  /// Writes the last checkpoint of this process, and waits until it is complete.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The final training state.
  ///   - log: The run's log.
  ///   - isDone: True if the run is complete, false if it was stopped.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if the checkpoint could not be written.
  func finish(_ state: TrainingState, _ log: RunLog, isDone: Bool, over world: borrowing Communicator) throws {
    world.activity.begin("step \(state.step), last checkpoint", allowsSilence: true)
    try save(state, log, isDone ? .finished : .stopped, over: world)
    try world.onRoot {
      writer.wait()
      if let failure = writer.takeFailure() { throw lastError(failure) }
      directory.map { directory in report((isDone ? "done" : "saved") + ": \(directory.path)/summary.json") }
    }
  }

  /// Adds to the summary of a stopped run what was measured after its last save.
  ///
  /// Collective. A failure is a warning only: the checkpoint is saved, and `metrics.jsonl` has the values too.
  ///
  /// - Parameters:
  ///   - state: The training state that was saved.
  ///   - log: The run's log, with the measured values.
  ///   - world: The ranks.
  /// - Throws: `MPIError` if the ranks cannot be asked for their memory.
  func addMeasures(of state: TrainingState, _ log: RunLog, over world: borrowing Communicator) throws {
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    guard let directory else { return }
    settle(log)
    let summary = log.summary(step: state.step, status: .stopped, memory: memory)
    do throws(FileError) {
      try JSONValue.merge(summary, into: directory.summaryPath, replacing: ["best"])
    } catch {
      report.warn("\(error); it lacks the measures of step \(state.step), which metrics.jsonl has")
    }
  }

  /// Returns the error that ends a run whose last save failed.
  private func lastError(_ failure: CheckpointWriter.Failure) -> FileError {
    let step = "\(failure.error): the checkpoint of step \(failure.step)"
    let consequence =
      switch failure.part {
      case .results: "is saved; make room for this file (disk, quota, ulimit -f) and give --resume again"
      case .checkpoint, .best:
        isFirst
          ? "is not written; make room for it (disk, quota, ulimit -f); \(Self.consequenceOfNone)"
          : "is not written, those before it stand; make room for it (disk, quota, ulimit -f) and continue with --resume"
      }
    return FileError(failure.error.kind, "\(step) \(consequence)")
  }

  /// Waits for a save in progress, if the run ends with an error.
  func wait() {
    writer.wait()
  }

  /// The data of a save that are computed from the training state: hashes, and the checkpoint under a temporary name.
  private struct Contents: Sendable {
    let weightsHash: String
    /// The hash of the averaged weights; `nil` if there are none.
    let averageHash: String?
    let checkpoint: CheckpointFolder.Prepared
    /// The error of a file beside the checkpoint that could not be written.
    let failure: FileError?
  }

  private func save(_ state: TrainingState, _ log: RunLog, _ status: RunStatus, over world: borrowing Communicator)
    throws
  {
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    guard let directory else { return }
    settle(log)
    let summary = log.summary(step: state.step, status: status, memory: memory)
    let logged = log.hasSteps ? nil : self.logged?.summaryFields
    let configuration = configuration
    writer.begin(.checkpoint, step: state.step) { () throws(FileError) in
      let failure = status == .finished ? writeWeights(state, log, in: directory) : nil
      return Contents(
        weightsHash: state.weightsSHA256(), averageHash: state.averaged.map { state in state.weightsSHA256() },
        checkpoint: try directory.checkpoints.prepare(Checkpoint(configuration: configuration, state: state)),
        failure: failure)
    } complete: { contents throws(FileError) in
      var hashes = ["weights_sha256": JSONValue.text(contents.weightsHash)]
      hashes["average_weights_sha256"] = contents.averageHash.map(JSONValue.text)
      var failure = contents.failure
      // Accuracies that later stages measured with the previous weights do not apply to other weights.
      let stored = JSONValue.fields(ofFile: directory.summaryPath) ?? [:]
      let isOfSameWeights = hashes.allSatisfy { name, hash in stored[name] == hash }
      let outdated: Set<String> = isOfSameWeights ? ["best"] : RunStatus.fieldsOfLaterStages.union(["best"])
      var fields = summary
      if let logged {
        let kept = isOfSameWeights ? stored.filter { name, _ in !outdated.contains(name) } : [:]
        fields = LoggedResults.summary(summary, stored: kept, logged: logged)
      }
      do throws(FileError) {
        try JSONValue.merge(
          fields.merging(hashes) { _, new in new }, into: directory.summaryPath, replacing: outdated)
      } catch {
        failure = failure ?? error
      }
      // The checkpoint is worth more than the files beside it.
      try directory.checkpoints.complete(contents.checkpoint, keep: configuration.checkpoints.keep)
      return failure
    }
  }

  /// Writes the weights of the encoder and of a classifier trained with it for other programs; returns the error of the
  /// first file that cannot be written.
  private func writeWeights(_ state: TrainingState, _ log: RunLog, in directory: RunDirectory) -> FileError? {
    let metadata = ImagePreprocessing.metadata(configuration, run: directory.path, classNames: log.classNames)
    let averaged = state.averaged
    var failure: FileError?
    for file in directory.weightFiles(configuration) {
      guard let state = file.weights == .raw ? state : averaged else { continue }
      do throws(FileError) {
        try state.write(file.prefix, to: file.path, metadata: metadata)
      } catch {
        // A file with earlier weights would be mistaken for this run's.
        unsafe unlink(file.path)
        failure = failure ?? error
      }
    }
    return failure
  }
}
