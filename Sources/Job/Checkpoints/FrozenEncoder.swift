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
  private let run: String
  /// The last step of the run, on rank 0, if the run is not finished and ``state`` is its newest state; else `nil`.
  private let stepToReach: Int?

  /// Creates a frozen encoder from a training state in memory.
  package init(configuration: Configuration, state: TrainingState) {
    self.configuration = configuration
    self.state = state
    weights = .raw
    isLatest = true
    run = ""
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
    let opened = try world.onRoot { () throws -> (configuration: Configuration, state: TrainingState, isLatest: Bool) in
      let directory = RunDirectory(path: run)
      try directory.checkHoldsRun()
      var configuration = try directory.configuration()
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
        try Self.replaceData(of: &configuration, by: data, run: run)
      } else if needsData {
        try configuration.locateData(ofRun: run)
      }
      if needsData, let problem = configuration.dataProblem {
        throw problem
      }
      guard let state = weights == .raw ? read.state : read.state.averaged else {
        throw RunError(
          .missing, "--weights-of average: \(run) has no averaged weights, as it was trained without --weight-average",
          remedy: "leave the option out")
      }
      let isLatest = checkpoint == "latest" || directory.checkpoints.steps.last == read.state.step
      if isLatest, case .integer(let last)? = JSONValue.fields(ofFile: directory.summaryPath)?["target_steps"],
        last > state.step
      {
        target = last
      }
      return (configuration, state, isLatest)
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
    self.weights = weights
    self.run = run
    stepToReach = target
    var state = try opened?.state ?? TrainingState(toFill: configuration, configuration.modelLayout)
    try state.broadcast(over: world)
    self.state = state
    var latest = [Int32(opened?.isLatest ?? true ? 1 : 0)]
    try world.broadcast(&latest)
    isLatest = latest[0] == 1
  }

  /// Replaces the path of a run's dataset by the one given for a later command.
  private static func replaceData(of configuration: inout Configuration, by data: String, run: String) throws(RunError)
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

  /// Opens the training set and the images to test on, and chooses the folder in the run directory for the result of a
  /// stage such as `evaluate`.
  ///
  /// A result for other data or for an earlier checkpoint gets a folder of its own and never replaces the result for
  /// the run's data. Data are different if their fingerprint (the hash of file and class names) or their contents
  /// (``DatasetContents``) differ from the run's, or those of the test images from those of the result that is there;
  /// the same files at another path are the same data.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - stage: The name of the folder for the run's own data and latest checkpoint.
  ///   - split: The split that the stage tests on.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The training set, the images to test on, the folder's name, such as `evaluation`, `evaluation-average`,
  ///   `evaluation-flowers` or `evaluation-step-1200`, and the place of results of other stages.
  /// - Throws: ``CollectiveError`` naming the missing or damaged file.
  package func openData(
    for stage: String, testing split: Split, over world: borrowing Communicator,
    report: Reporter
  ) throws -> (
    training: any ImageDataset, tested: DatasetChoice.OpenedSplit, resultFolder: String, place: ResultPlace
  ) {
    let data = configuration.data
    let training = try DatasetChoice.openSplit(configuration, .train, over: world, report: report)
    let contents = try DatasetContents(of: training.dataset, configuration, over: world)
    let tested = try DatasetChoice.openSplit(configuration, split, over: world, report: report)
    let testContents = try DatasetContents(of: tested.dataset, configuration, split: tested.split, over: world)
    let isOther = training.fingerprint != data.fingerprint || contents.change != nil
    let name = data.path?.split(separator: "/").last.map(String.init) ?? data.dataset.rawValue
    let place = ResultPlace(
      weights, isValidation: split == .validation, dataName: name, isOther: isOther,
      step: isLatest ? nil : state.step,
      identity: ResultPlace.identity(
        dataset: data.dataset.rawValue, fingerprint: training.fingerprint, contents: contents.text,
        testFingerprint: tested.fingerprint, testContents: testContents.text))
    let (own, wanted) = (place.ownFolder(of: stage), place.wantedFolder(of: stage))
    let folder = try world.broadcast(
      text: try world.onRoot { place.folder(of: stage, in: RunDirectory(path: run)) } ?? "")
    if folder != own {
      let difference =
        training.fingerprint == data.fingerprint ? contents.change.map { text in " (\(text))" } ?? "" : ""
      let reason =
        isOther
        ? "\(data.path ?? "") is not the data of the run\(difference)"
        : isLatest
          ? "\(run)/\(own) has results on other \(tested.split.title) images"
          : "step \(state.step) is an earlier checkpoint"
      report.note(
        "\(reason): results go to \(run)/\(folder)"
          + "\(folder == wanted || wanted == own ? "" : ", as \(wanted) has those of other data"); those in \(run)/\(own) are kept"
      )
    }
    return (training.dataset, tested, folder, place)
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
