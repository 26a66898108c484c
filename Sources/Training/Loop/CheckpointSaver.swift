import Configuration
import Evaluation
import Formats
import Job
import MPI
import Runs

/// Writes what a run leaves behind: checkpoints and the summary on their way, the encoder at the end.
///
/// The checkpoint comes last: where the one of the last step stands, everything else does too.
final class CheckpointSaver {
  private let configuration: Configuration
  private let directory: RunDirectory?
  private let report: (String) -> Void
  private let writer = CheckpointWriter()
  /// How long the last save held up training, or all of it at the end.
  private(set) var lastSeconds = 0.0

  /// Saves to a run directory; rank 0 has it.
  package init(_ configuration: Configuration, _ directory: RunDirectory?, report: @escaping (String) -> Void) {
    self.configuration = configuration
    self.directory = directory
    self.report = report
  }

  /// Begins to write a checkpoint and the summary while training goes on.
  ///
  /// Collective. A save that fails is told of at the next one: the run goes on with the checkpoints before it.
  func begin(_ state: TrainingState, _ log: RunLog, over world: borrowing Communicator) throws {
    let start = ProcessMeasurements.now()
    world.activity.begin("step \(state.step), checkpoint", allowsSilence: true)
    try save(state, log, withEncoder: false, over: world)
    lastSeconds = ProcessMeasurements.now() - start
  }

  /// Writes the last checkpoint of this invocation and waits for it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The last state.
  ///   - log: The run's log.
  ///   - isDone: Whether the run is done, and not only stopped.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if it could not be written.
  func finish(_ state: TrainingState, _ log: RunLog, isDone: Bool, over world: borrowing Communicator) throws {
    world.activity.begin("step \(state.step), last checkpoint", allowsSilence: true)
    try save(state, log, withEncoder: isDone, over: world)
    try world.onRoot {
      do throws(FileError) {
        try writer.finish()
      } catch {
        throw FileError(
          error.kind,
          "\(error): the checkpoint of step \(state.step) is not written, those before it stand; free space and continue with --resume"
        )
      }
      directory.map { directory in report((isDone ? "done" : "saved") + ": \(directory.path)/summary.json") }
    }
  }

  /// Waits for a checkpoint that is being written, where a run ends before its end.
  func wait() {
    writer.wait()
  }

  private func save(_ state: TrainingState, _ log: RunLog, withEncoder: Bool, over world: borrowing Communicator) throws
  {
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    guard let directory else { return }
    let summary = log.summary(step: state.step, memory: memory)
    let configuration = configuration
    let failure = writer.begin(step: state.step) { () throws(FileError) in
      if withEncoder {
        try state.write(TrainingState.encoderPrefix, to: directory.encoderPath)
        if configuration.isClassifying {
          try state.write("\(Configuration.classifierName).", to: directory.classifierPath)
        }
      }
      let hash = JSONValue.text(state.weightsSHA256())
      try JSONValue.merge(summary.merging(["weights_sha256": hash]) { _, new in new }, into: directory.summaryPath)
      try directory.checkpoints.save(Checkpoint(configuration: configuration, state: state), keep: configuration.keep)
    }
    if let failure {
      report(
        "warning: the checkpoint of step \(failure.step) could not be written: \(failure.error); the run goes on and tries again, "
          + "the checkpoints before it stand")
    }
  }
}
