import Configuration
import Datasets
import MPI
import NeuralNet
import Runs

/// A run's encoder, read from a checkpoint for use without further training.
///
/// The checkpoint is read without a lock, which also works in a read-only folder and while the run is training.
package struct FrozenEncoder {
  /// The run's configuration, with the dataset path given for this command; callers may change its precision.
  package var configuration: Configuration
  /// The weights and running statistics, the same on every rank.
  package let state: TrainingState
  /// The origin of the weights in ``state``: those after the checkpoint's last step, or their moving average.
  package let weights: RunWeights
  /// True if ``state`` was read from the run's latest checkpoint.
  package let isLatest: Bool
  /// The run directory; empty for a state in memory.
  package let run: String
  /// The data options of the run, if another folder is given for this command; else `nil`.
  package let formerData: DataOptions?
  /// The last step of the run, on rank 0, if the run is not finished and ``state`` is its newest state; else `nil`.
  private let stepToReach: Int?

  /// Creates a frozen encoder from a training state in memory.
  package init(configuration: Configuration, state: TrainingState) {
    self.configuration = configuration
    self.state = state
    weights = .raw
    isLatest = true
    run = ""
    formerData = nil
    stepToReach = nil
  }

  /// Reads a checkpoint on rank 0 and broadcasts it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - run: The run directory.
  ///   - checkpoint: `latest`, `best` or a number of steps.
  ///   - weights: The weights to read: those after the checkpoint's last step, or their moving average.
  ///   - data: The folder of the dataset; `nil` for the one that the run was trained on.
  ///   - needsData: True if the dataset will be opened, so that its options are checked.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the missing or damaged file.
  package init(
    run: String, checkpoint: String = "latest", weights: RunWeights = .raw, data: String?, needsData: Bool = true,
    over world: borrowing Communicator, report: Reporter
  ) throws {
    var target: Int?
    typealias Opened = (configuration: Configuration, former: Configuration, state: TrainingState, isLatest: Bool)
    let opened = try world.onRoot { () throws -> Opened in
      let directory = RunDirectory(path: run)
      try directory.checkHoldsRun()
      var former = try directory.configuration()
      var configuration = former
      guard let choice = CheckpointChoice(checkpoint) else {
        throw RunError(.usage, CheckpointChoice.problem(checkpoint) ?? checkpoint)
      }
      guard
        let read = try directory.checkpoints.read(
          choice, of: configuration, warn: { damage in report.warn("\(damage); using the checkpoint before it") })
      else {
        throw RunError(
          .missing, "\(run): holds no checkpoint yet",
          remedy: directory.status == .diverged ? RunStatus.adviceWhenDiverged : "continue it with --resume")
      }
      if let data {
        // If it is gone, an earlier result tells the run's own images.
        try? former.locateData(ofRun: run)
        try Self.replaceData(of: &configuration, by: data, run: run)
      } else if needsData {
        try configuration.locateData(ofRun: run)
      }
      if needsData, let problem = configuration.dataProblem {
        throw problem
      }
      guard let state = weights == .raw ? read.state : read.state.averaged else { throw RunError.noAverage(of: run) }
      let isLatest = checkpoint == "latest" || directory.checkpoints.steps.last == read.state.step
      if isLatest, case .integer(let last)? = JSONValue.fields(ofFile: directory.summaryPath)?["target_steps"],
        last > state.step
      {
        target = last
      }
      return (configuration, former, state, isLatest)
    }
    var configuration = try Configuration.received(opened?.configuration, over: world)
    let ownPrecision = configuration.compute.resolvedPrecision
    let precision = try PrecisionChoice(over: world).forEvaluation(of: ownPrecision)
    if precision != ownPrecision {
      report.note(
        "evaluating in \(precision.rawValue): a rank's CPU does not multiply \(ownPrecision.rawValue) numbers")
      configuration.compute.precision = precision
    }
    self.configuration = configuration
    formerData = try data == nil ? nil : Configuration.received(opened?.former, over: world).data
    self.weights = weights
    self.run = run
    stepToReach = target
    var state = try opened?.state ?? TrainingState(toFill: configuration, configuration.modelLayout)
    try state.broadcast(over: world)
    self.state = state
    isLatest = try world.broadcast(value: opened?.isLatest)
  }

  /// Replaces the path of a run's dataset by the one given for a later command.
  package static func replaceData(of configuration: inout Configuration, by data: String, run: String) throws(RunError)
  {
    guard configuration.data.dataset != .shapes else {
      throw RunError(
        .usage, "--data: \(run) was trained on the built-in shapes, which have no folder",
        remedy: "leave --data out. For another dataset: supcon evaluate --transfer-dataset cifar10 --transfer-data DIR")
    }
    configuration.data.path = data
    if configuration.data.validationFraction != nil, DatasetFolder(configuration).hasOwnValidation {
      // The run's fraction was held out of other images.
      configuration.data.validationFraction = nil
    }
  }

  /// The training progress of the weights, such as `after step 35 of 480: the run is not finished`; for rank 0.
  package var stepText: String {
    unfinishedText ?? "after step \(state.step)"
  }

  /// Reports that the run is not finished, if that is so.
  package func noteProgress(_ report: Reporter) {
    if let text = unfinishedText {
      report.note("\(run): \(configuration.model.name) \(text)")
    }
  }

  /// The text of ``stepText`` if the run is not finished; else `nil`.
  private var unfinishedText: String? {
    stepToReach.map { last in "after step \(state.step) of \(last): the run is not finished" }
  }
}
