import Configuration
import Datasets
import Evaluation
import Job
import MPI
import RunLogging
import Runs

/// The evaluations of a run while it trains (`--evaluate-epochs`), and the choice of its best checkpoint
/// (`--keep-best`).
final class RunEvaluation {
  private let opened: OpenedRun
  private let report: Reporter
  private let stepsPerEpoch: Int
  private let schedule: EvaluationSchedule
  /// The evaluation; `nil` until its samples are chosen.
  private var evaluation: HeldOutEvaluation?
  private var hasWarned = false

  /// Creates the evaluations of an opened run.
  init(_ opened: OpenedRun, report: Reporter) {
    self.opened = opened
    self.report = report
    stepsPerEpoch = opened.sampler.stepsPerEpoch
    schedule = EvaluationSchedule(opened.configuration, stepsPerEpoch: stepsPerEpoch)
  }

  /// Returns true if the encoder is evaluated after a step: every few epochs, and at the end of the schedule.
  func isDue(after step: Int) -> Bool { schedule.isDue(after: step) }

  /// Chooses the images of the evaluations that are due in a range of steps, before the first of these steps: if
  /// validation images vanish later, that is an error, not a dataset without validation images.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - step: The number of steps taken.
  ///   - lastStep: The last step of the run.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if there are validation images that cannot be opened.
  func prepare(after step: Int, through lastStep: Int, over world: borrowing Communicator) throws {
    if schedule.isDue(after: step, through: lastStep) {
      _ = try prepared(over: world)
    }
  }

  /// Evaluates the state if an evaluation is due, and saves it as the best checkpoint if it is the best so far.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The training state after a step.
  ///   - log: Receives the measured values.
  ///   - saver: Saves the checkpoint.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming a file that cannot be read; after any other error the job has to end at once.
  func run(
    after state: TrainingState, _ log: RunLog, _ saver: CheckpointSaver, over world: borrowing Communicator
  ) throws {
    guard isDue(after: state.step) else { return }
    let evaluation = try prepared(over: world)
    let result = try evaluation.result(
      of: state, epoch: Double(state.step) / Double(stepsPerEpoch), over: world)
    log.add(result.record)
    if world.isRoot {
      let queries = evaluation.samples.queries
      log.add(
        EvaluationFigures(
          representations: result.representations, projections: result.projections, classNames: queries.classNames,
          name: queries.name(at:)), step: state.step)
    }
    keepBest(result.record, state, log, saver, world.activity)
  }

  /// Saves the state at which a resumed run starts as the best checkpoint, if its logged evaluation is better than
  /// that of the stored one: a run that was stopped may have been killed before the file was complete.
  func keepLogged(_ state: TrainingState, _ log: RunLog, _ saver: CheckpointSaver, _ activity: Activity) {
    guard opened.configuration.checkpoints.best != nil, let record = opened.logged?.evaluation else { return }
    keepBest(record, state, log, saver, activity)
    saver.settle(log)
  }

  private func prepared(over world: borrowing Communicator) throws -> HeldOutEvaluation {
    if let evaluation {
      return evaluation
    }
    let samples = try HeldOutSamples(opened.configuration, training: opened.dataset, over: world)
    if let former = formerSplit, former != samples.split {
      report.warn(
        "evaluations classify \(samples.split.title) images from here on, \(former.title) images until now: their results cannot be compared"
          + (opened.configuration.checkpoints.best == nil ? "" : ", though --keep-best compares them")
          + (former == .validation ? "; put the validation images back, and resume the run" : ""))
    }
    if samples.split == .train {
      report.note(
        "no validation images: evaluations classify \(samples.queries.count) of the training images, which is easier"
          + (opened.configuration.checkpoints.best == nil ? "" : ", and so does --keep-best")
          + " (--validation-fraction holds some out)")
    }
    let evaluation = HeldOutEvaluation(opened.configuration, samples: samples)
    self.evaluation = evaluation
    return evaluation
  }

  /// The images that the last evaluation before this start classified, on rank 0; `nil` if there was none.
  private var formerSplit: Split? {
    guard opened.isResumed, let directory = opened.directory,
      case .object(let fields)? = JSONValue.fields(ofFile: directory.summaryPath)?["evaluation"]
    else { return nil }
    return fields["queries"]?.string.flatMap { name in Split(rawValue: name) }
  }

  /// Begins to save a state as the best checkpoint if its measure is better than that of all earlier ones.
  private func keepBest(
    _ record: EvaluationRecord, _ state: TrainingState, _ log: RunLog, _ saver: CheckpointSaver, _ activity: Activity
  ) {
    guard let measure = opened.configuration.checkpoints.best else { return }
    guard let value = record.value(of: measure) else {
      if !hasWarned {
        hasWarned = true
        report.warn(
          "--keep-best \(measure.rawValue): there is no such measure without "
            + (measure == .classifier && opened.dataset.hasLabels
              ? "validation images; give --validation-fraction" : "labels") + "; no best checkpoint is kept")
      }
      return
    }
    saver.reportFailure(log)
    guard value > log.best?.value ?? -1 else { return }
    // The write may take long, and the other ranks wait.
    activity.begin("step \(state.step), best checkpoint", allowsSilence: true)
    saver.begin(state, best: BestCheckpoint(measure: measure.rawValue, value: value, step: state.step), log)
  }
}

extension EvaluationRecord {
  /// Returns the value of a `--keep-best` measure; `nil` if it was not computed.
  fileprivate func value(of measure: CheckpointOptions.Measure) -> Double? {
    switch measure {
    case .knn: measures.knn20Top1
    case .knn200: measures.knn200Top1
    case .classMeans: measures.classMeansTop1
    case .linearProbe: measures.linearProbeTop1
    case .classifier: measures.classifierTop1
    }
  }
}
