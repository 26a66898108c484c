import Configuration
import Evaluation
import Job
import MPI
import RunLogging
import Runs

/// The evaluations of a run while it trains (`--evaluate-epochs`), and the choice of its best checkpoint
/// (`--keep-best`).
final class RunEvaluation {
  /// The number of evaluations of a run if `--evaluate-epochs` is not given.
  private static let usualCount = 10

  private let opened: OpenedRun
  private let report: Reporter
  private let stepsPerEpoch: Int
  /// The number of steps between evaluations; 0 for no evaluations.
  private let steps: Int
  private let scheduleSteps: Int
  /// The evaluation; `nil` until its samples are chosen.
  private var evaluation: HeldOutEvaluation?
  private var hasWarned = false

  /// Creates the evaluations of an opened run.
  init(_ opened: OpenedRun, report: Reporter) {
    self.opened = opened
    self.report = report
    stepsPerEpoch = opened.sampler.stepsPerEpoch
    let epochs = opened.configuration.schedule.epochs
    let usualEpochs = (epochs + Self.usualCount - 1) / Self.usualCount
    steps = (opened.configuration.checkpoints.evaluateEpochs ?? usualEpochs) * stepsPerEpoch
    scheduleSteps = epochs * stepsPerEpoch
  }

  /// Returns true if the encoder is evaluated after a step: every few epochs, and at the end of the schedule.
  private func isDue(after step: Int) -> Bool {
    steps > 0 && (step.isMultiple(of: steps) || step == scheduleSteps)
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

  private func prepared(over world: borrowing Communicator) throws -> HeldOutEvaluation {
    if let evaluation {
      return evaluation
    }
    let samples = try HeldOutSamples(opened.configuration, training: opened.dataset, over: world)
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
