import Configuration
import DistributedStep
import Evaluation
import Formats
import Job
import MPI
import Measures
import RunLogging
import Runs

/// The loop of an opened run over its steps, with tests, evaluations and saves between them, and its end.
struct TrainingLoop {
  /// The writer of checkpoints and results.
  let saver: CheckpointSaver

  private let opened: OpenedRun
  private let plan: StepPlan
  private let diagnostics: Diagnostics
  private let log: RunLog
  private let evaluation: RunEvaluation
  private let report: Reporter

  /// Creates the loop of a run; the log gets the best checkpoint that is stored.
  init(_ opened: OpenedRun, _ plan: StepPlan, _ diagnostics: Diagnostics, _ log: RunLog, report: Reporter) {
    saver = CheckpointSaver(opened, report: report)
    evaluation = RunEvaluation(opened, report: report)
    (self.opened, self.plan, self.diagnostics, self.log, self.report) = (opened, plan, diagnostics, log, report)
    log.best = saver.storedBest
  }

  /// Makes the measurements that are missing at the step at which a resumed run starts, and saves the best checkpoint
  /// if that is missing.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - missed: The measures that are missing.
  ///   - state: The training state of the checkpoint.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` that says what failed and how to go on.
  func measureMissed(_ missed: MissedMeasures, _ state: TrainingState, over world: borrowing Communicator) throws {
    evaluation.keepLogged(state, log, saver, world.activity)
    guard !missed.isEmpty else { return }
    let isDone = state.step >= plan.lastStep
    if !isDone { report("step \(state.step): was not measured before, and is measured now") }
    // The files beside the checkpoint of a finished run may be missing too.
    try evaluateAndTest(state, missed, isSaved: !isDone, over: world)
  }

  /// Trains until the last step of the run or a request to stop.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The training state.
  ///   - steps: The training step for each stage of the run.
  ///   - stopping: The request to stop.
  ///   - world: The ranks.
  /// - Returns: True if the run was stopped before its last step.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  func train(
    _ state: inout TrainingState, _ steps: inout SizedSteps, until stopping: StopRequest,
    over world: borrowing Communicator
  ) throws -> Bool {
    try evaluation.prepare(after: state.step, through: plan.lastStep, over: world)
    var balance = BalanceSearch(opened.configuration, ranks: world.size)
    var (batches, isStopped) = (BatchOrder(opened.sampler), false)
    var batch = batches.batch(ofStep: state.step)
    while state.step < plan.lastStep, !isStopped {
      let next = batches.batch(ofStep: state.step + 1)
      let start = ProcessMeasurements.now()
      let isStopping = stopping.isPending(reserveSeconds: log.reserveSeconds + saver.lastSeconds)
      let step = try steps.step(after: state.step, over: world)
      let isNextAlike = state.step + 1 < plan.lastStep && steps.keepsSize(after: state.step) && !balance.isEnding
      let result = try recordingDivergence(after: state.step) {
        try step.run(&state, batch, next: isNextAlike ? next : nil, isStopping: isStopping, over: world)
      }
      world.activity.begin("step \(state.step), log")
      try log.add(
        result, step: state.step, seconds: ProcessMeasurements.now() - start, gradientNorm: step.gradientNorm,
        over: world)
      try balance.divide(&steps, after: result, log, over: world, report: report)
      try recordingDivergence(after: state.step - 1) {
        try diagnostics.inspect(at: step, state, batch, loss: result.loss, over: world, report: report)
      }
      (batch, isStopped) = (next, result.isStopRequested && state.step < plan.lastStep)
      if !isStopped {
        try evaluateAndTest(state, over: world)
        try saveIfDue(state, over: world)
      }
    }
    return isStopped
  }

  /// Writes the last checkpoint and the final results.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The training state after the last step.
  ///   - isStopped: True if the run was stopped before its last step.
  ///   - world: The ranks.
  /// - Returns: The exit status of every rank.
  /// - Throws: ``CollectiveError`` if the checkpoint or a file beside it could not be written.
  func end(
    _ state: TrainingState, isStopped: Bool, over world: borrowing Communicator
  ) throws -> ExitStatus {
    try saver.finish(state, log, isDone: !isStopped, over: world)
    try opened.dataset.reportReplaced(over: world, report: report)
    guard isStopped else { return .success }
    // A run that was asked to stop is saved before it is evaluated and tested, because these may take longer than the
    // remaining time.
    if evaluation.isDue(after: state.step) || plan.isTestDue(after: state.step) {
      try evaluateAndTest(state, isSaved: true, over: world)
      try saver.addMeasures(of: state, log, over: world)
    }
    report.outcome(
      "stopped on request after step \(state.step) of \(plan.lastStep), saved; continue with\n\(resumeCommand)")
    return .stopped
  }

  private var run: String { (opened.directory?.path ?? "DIR").shellQuoted }

  private var resumeCommand: String { "supcon \(opened.configuration.command.rawValue) --resume --output \(run)" }

  /// Evaluates the encoder and tests the classifier, if these are due after a step; if that fails, as with a validation
  /// image that cannot be read any more, saves the state first: the training is worth more than one measure.
  ///
  /// Collective. A state that is not finite is not saved.
  ///
  /// - Parameters:
  ///   - state: The training state.
  ///   - missed: The measures that are made; those that are due after the step if `nil`.
  ///   - isSaved: True if the state is saved already.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` that says what is saved, and how to go on.
  private func evaluateAndTest(
    _ state: TrainingState, _ missed: MissedMeasures? = nil, isSaved: Bool = false, over world: borrowing Communicator
  ) throws {
    do {
      try recordingDivergence(after: state.step - 1) {
        if missed?.evaluation ?? true {
          try evaluation.run(after: state, log, saver, over: world)
        }
        if missed?.test ?? plan.isTestDue(after: state.step) {
          try test(state, over: world)
        }
      }
    } catch let agreed as CollectiveError where !agreed.error.isDivergence {
      let isDone = state.step == plan.lastStep
      if !isSaved {
        try saver.finish(state, log, isDone: isDone, over: world)
      }
      throw unmeasured(state, agreed.error, isDone: isDone)
    }
  }

  /// Returns the error of a measure that failed, after the training state was saved.
  private func unmeasured(_ state: TrainingState, _ error: RunError, isDone: Bool) -> CollectiveError {
    let isOfFile = error.exitCode == .data || error.exitCode == .missing
    let remedy = error.remedy.isEmpty ? (isOfFile ? "put the file back or mend it" : "put that right") : error.remedy
    let next =
      isDone
      ? "and measure it with \(resumeCommand) (the finished run is saved)"
      : "and continue with \(resumeCommand) (the run is saved after this step)"
    return CollectiveError(
      error: RunError(
        error.exitCode, "step \(state.step): not measured: \(error.problem)",
        remedy: "\(remedy), \(next)"))
  }

  /// Tests the classifier of a training state; does nothing without a classifier.
  ///
  /// Collective.
  private func test(_ state: TrainingState, over world: borrowing Communicator) throws {
    guard let test = opened.test else { return }
    func accuracy(of state: TrainingState) throws -> TestAccuracy {
      let classifier = try world.throwingTogether {
        try TrainedClassifier(opened.configuration, state, viewSize: opened.configuration.viewSize(of: test.dataset))
      }
      return try classifier.accuracy(on: test.dataset, over: world)
    }
    log.add(try accuracy(of: state), averaged: try state.averaged.map(accuracy), of: test.split, step: state.step)
  }

  /// Begins a checkpoint if one is due after a step.
  ///
  /// Collective.
  private func saveIfDue(_ state: TrainingState, over world: borrowing Communicator) throws {
    guard plan.isCheckpointDue(after: state.step) else { return }
    try saver.begin(state, log, over: world)
    try opened.dataset.reportReplaced(over: world, report: report)
  }

  /// Runs a part of a step; if a loss, gradient or weight is not finite, notes that in `summary.json` and rethrows.
  private func recordingDivergence<Result>(after step: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let agreed as CollectiveError where agreed.error.isDivergence {
      saver.wait()
      if let directory = opened.directory {
        // A note only: the error that ends the run matters more than a failure to write it.
        try? JSONValue.merge(
          ["status": .text(RunStatus.diverged.rawValue), "diverged_step": .integer(step + 1)],
          into: directory.summaryPath)
      }
      throw agreed
    }
  }
}
