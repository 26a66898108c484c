import Configuration
import Datasets
import DistributedStep
import Evaluation
import Formats
import Glibc
import Job
import MPI
import NeuralNet
import OneDNN
import RunLogging
import Runs

/// The training of an encoder, from options to weights in a run directory.
package enum TrainingRun {
  /// The options of `supcon pretrain` and `supcon supervised`.
  package struct Request: Sendable {
    /// The command, which determines the default options.
    package var command: TrainingCommand
    /// The options that the user gave.
    package var overrides: ConfigurationOverrides
    /// The run directory; `nil` for an unused one under `runs`.
    package var output: String?
    /// True to resume the run in ``output``.
    package var isResuming: Bool
    /// The number of epochs, counted from the run's start, to which the resumed run is extended; `nil` for no change.
    package var extendedEpochs: Int?
    /// The time limit of this process in seconds; `nil` for none.
    package var maximumSeconds: Double?
    /// The diagnostics that this process computes; none by default.
    package var diagnostics = Diagnostics()
    /// The amount of output.
    package var verbosity = Verbosity.normal
    /// The terminal for a status line; `nil` if the output cannot be a terminal.
    package var terminal: StatusLine.Terminal?

    /// Returns the first problem with the values of the options; options that conflict with a resumed run are found
    /// later.
    package func problem(ranks: Int) -> String? {
      // Options taken from another run are known, and checked, only when that run is read.
      let configuration = overrides.applied(to: command.defaults)
      return isResuming || configuration.model.initialPath != nil
        ? overrides.problem?.description : command.problem(configuration, given: overrides, ranks: ranks)?.description
    }

    package init(
      _ command: TrainingCommand = .pretrain, overrides: ConfigurationOverrides, output: String?, isResuming: Bool,
      maximumSeconds: Double?
    ) {
      self.command = command
      self.overrides = overrides
      self.output = output
      self.isResuming = isResuming
      self.maximumSeconds = maximumSeconds
    }
  }

  /// Trains a new or resumed run.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The exit status of every rank: success, or stopped on request.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws -> ExitStatus {
    let stopping = StopRequest(maximumSeconds: request.maximumSeconds)
    defer { stopping.end() }
    let console = RunConsole(request.verbosity, terminal: world.isRoot ? request.terminal : nil, report: report)
    defer { console.end() }
    let report = console.report
    world.activity.begin("opening the run", allowsSilence: true)
    var opening = try OpenedRun(request, over: world, report: report)
    // Before the state and the step take memory, which the estimate counts.
    let base = ProcessMeasurements.residentByteCount() ?? 0
    if request.diagnostics.checkRanksSteps != nil {
      // Ranks that share their parameters cannot be compared.
      opening.configuration.compute.sharedMemory = .off
    }
    var state = try opening.takeState(over: world, report: report)
    let opened = opening
    // The lock of the run directory is held until the last write.
    defer { withExtendedLifetime(opened) {} }
    let plan = Plan(opened.configuration, stepsPerEpoch: opened.sampler.stepsPerEpoch)
    guard try !isFinished(opened, state, plan, over: world, report: report) else { return .success }
    var steps = SizedSteps(opened.configuration, stepsPerEpoch: opened.sampler.stepsPerEpoch)
    func step(after count: Int) throws -> TrainingStep {
      try steps.step(after: count) { stage in try prepare(stage, opened, base: base, over: world, report: report) }
    }
    world.activity.begin("preparing the step")
    _ = try step(after: state.step)
    describe(opened, state, plan, request, world.size, report)
    try request.diagnostics.prepare(after: state.step, through: plan.lastStep, over: world, report: report)
    let log = try RunLog(
      opened.configuration, opened.dataset, directory: opened.directory, ranks: world.size, from: state.step,
      to: plan.lastStep, stepsPerEpoch: opened.sampler.stepsPerEpoch, console: console)
    let saver = CheckpointSaver(opened.configuration.withAbsolutePaths, opened.directory, report: report)
    defer { saver.settle(log) }
    let evaluation = RunEvaluation(opened, report: report)
    log.best = saver.storedBest
    var balance = BalanceSearch(opened.configuration, ranks: world.size)
    var (batches, isStopped) = (BatchOrder(opened.sampler), false)
    var batch = batches.batch(ofStep: state.step)
    while state.step < plan.lastStep, !isStopped {
      let next = batches.batch(ofStep: state.step + 1)
      let start = ProcessMeasurements.now()
      let isStopping = stopping.isPending(reserveSeconds: log.reserveSeconds + saver.lastSeconds)
      let step = try step(after: state.step)
      let isNextAlike = state.step + 1 < plan.lastStep && steps.keepsSize(after: state.step) && !balance.isEnding
      let result = try recordingDivergence(after: state.step, of: opened, saver) {
        try step.run(&state, batch, next: isNextAlike ? next : nil, isStopping: isStopping, over: world)
      }
      world.activity.begin("step \(state.step), log")
      try log.add(
        result, step: state.step, seconds: ProcessMeasurements.now() - start, gradientNorm: step.gradientNorm,
        over: world)
      try balance.divide(&steps, after: result, log, over: world, report: report)
      try recordingDivergence(after: state.step - 1, of: opened, saver) {
        try request.diagnostics.inspect(at: step, state, batch, loss: result.loss, over: world, report: report)
      }
      (batch, isStopped) = (next, result.isStopRequested && state.step < plan.lastStep)
      if !isStopped {
        try recordingDivergence(after: state.step - 1, of: opened, saver) {
          try evaluation.run(after: state, log, saver, over: world)
          try testAndSave(state, opened, plan, log, saver, over: world, report: report)
        }
      }
    }
    return try end(isStopped, state, opened, plan, evaluation, log, saver, over: world, report: report)
  }

  /// Runs a part of a step; if a loss, gradient or weight is not finite, notes that in `summary.json` and rethrows.
  private static func recordingDivergence<Result>(
    after step: Int, of opened: OpenedRun, _ saver: CheckpointSaver, _ body: () throws -> Result
  ) throws -> Result {
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

  /// Returns true for a resumed run for which nothing is left to do, and reports where a resumed run stands.
  ///
  /// Collective.
  private static func isFinished(
    _ opened: OpenedRun, _ state: TrainingState, _ plan: Plan, over world: borrowing Communicator, report: Reporter
  ) throws -> Bool {
    guard opened.isResumed, state.step >= plan.lastStep else {
      for line in opened.lines { report(line) }
      return false
    }
    guard try hasResults(opened, state, over: world) else {
      report("\(opened.directory?.path ?? "the run"): is finished; its files beside the checkpoint are written again")
      return false
    }
    report(finishedMessage(of: opened, state, plan))
    return true
  }

  /// Returns true if the files beside the last checkpoint of a finished run are there and of its weights; they may not
  /// be if a disk was full.
  ///
  /// Collective.
  private static func hasResults(
    _ opened: OpenedRun, _ state: TrainingState, over world: borrowing Communicator
  ) throws -> Bool {
    // A finished run does not open its teacher, without which no step can be prepared.
    guard opened.configuration.classifier.teacherPath == nil else { return true }
    let found = try world.onRoot { () -> Bool in
      guard let directory = opened.directory else { return true }
      guard unsafe access(directory.encoderPath, F_OK) == 0 else { return false }
      return JSONValue.fields(ofFile: directory.summaryPath)?["weights_sha256"] == .text(state.weightsSHA256())
    }
    return try world.broadcast(bytes: [found ?? true ? 1 : 0]) == [1]
  }

  /// Returns the message for a run that has no steps left.
  private static func finishedMessage(of opened: OpenedRun, _ state: TrainingState, _ plan: Plan) -> String {
    "\(opened.directory?.path ?? "the run"): is finished, \(state.step) of \(plan.lastStep) steps, and nothing was done"
      + (plan.lastStep < plan.allSteps
        ? "; give more --steps to continue"
        : "; to train on, give --extend-epochs with more than \(counted(opened.configuration.schedule.epochs, "epoch")) in total, or begin a new run with --init \(opened.directory?.path ?? "RUN")")
  }

  /// The numbers of the steps after which a run ends, is tested and is saved.
  private struct Plan {
    /// The number of steps of the whole learning rate schedule.
    let allSteps: Int
    let lastStep: Int
    private let checkpointSteps: Int
    private let testSteps: Int

    init(_ configuration: Configuration, stepsPerEpoch: Int) {
      allSteps = configuration.schedule.epochs * stepsPerEpoch
      lastStep = configuration.schedule.lastStep(stepsPerEpoch: stepsPerEpoch)
      checkpointSteps = configuration.checkpoints.steps ?? stepsPerEpoch
      testSteps = (configuration.checkpoints.evaluateEpochs ?? 0) * stepsPerEpoch
    }

    /// Returns true if the classifier is tested after a step.
    func isTestDue(after step: Int) -> Bool {
      step == lastStep || (testSteps > 0 && step.isMultiple(of: testSteps))
    }

    /// Returns true if a checkpoint is begun after a step; the last one is written at the end of the run.
    func isCheckpointDue(after step: Int) -> Bool { step.isMultiple(of: checkpointSteps) && step < lastStep }
  }

  /// Prepares the training step, and checks that the host has enough memory for it.
  ///
  /// Collective.
  private static func prepare(
    _ stage: Configuration, _ opened: OpenedRun, base: Int, over world: borrowing Communicator, report: Reporter
  ) throws -> TrainingStep {
    let (configuration, dataset, sampler) = (opened.configuration, opened.dataset, opened.sampler)
    if !(configuration.views.progressiveSizes ?? []).isEmpty {
      report("views of \(stage.trainingViewSize(of: dataset)) pixels")
    }
    let step = try TrainingStep.prepared(stage, dataset, sampler, teacher: opened.teacher, over: world)
    try MemoryEstimate.check(step, base: base, over: world, report: report)
    return step
  }

  private static func describe(
    _ opened: OpenedRun, _ state: TrainingState, _ plan: Plan, _ request: Request, _ ranks: Int, _ report: Reporter
  ) {
    let configuration = opened.configuration
    ReferencePrimitives.note(report)
    let unused = OptionsWithoutEffect.notes(
      configuration, given: request.overrides, stepsPerEpoch: opened.sampler.stepsPerEpoch,
      checkRanksSteps: request.diagnostics.checkRanksSteps)
    for note in unused { report.note(note) }
    if let path = configuration.model.initialPath, configuration.model.normalizeEncoder, configuration.isContrasting,
      configuration.isClassifying, configuration.optimizer.weightDecay > 0, !opened.isResumed,
      !request.overrides.gives(\.model.normalizeEncoder)
    {
      report.note(
        "--init \(path): its encoder scales representations to unit length, on which a classifier with weight decay learns less; --no-normalize-encoder leaves the scaling out"
      )
    }
    let unseen = opened.sampler.unseenClasses.map { index in opened.dataset.classNames[index] }
    if !unseen.isEmpty {
      report.note(
        "--sampler fixed-labels: batches of \(configuration.batches.size) have no place for \(counted(unseen.count, "small class")): "
          + unseen.prefix(10).joined(separator: ", ") + (unseen.count > 10 ? ", …" : ""))
    }
    report(
      "\(configuration.model.name) on \(configuration.data.dataset.rawValue): \(state.parameterLayout.count) parameters, \(counted(opened.dataset.count, "sample"))"
    )
    report(
      "batch \(configuration.batches.size) in \(counted(configuration.batches.shardCount, "shard")) over \(counted(ranks, "rank")) × \(counted(configuration.compute.threads, "thread")), steps \(state.step) to \(plan.lastStep)"
    )
    if configuration.batches.isSharingStatistics {
      report(
        "BatchNorm: statistics of \(configuration.batches.batchNorm == .global ? "the whole batch" : counted(configuration.batches.shardsPerGroup(ofShards: configuration.batches.shardCount), "shard") + " together"); a rank computes all of its shards side by side"
      )
    }
  }

  /// Tests the classifier and begins a checkpoint, if these are due after a step.
  ///
  /// Collective.
  private static func testAndSave(
    _ state: TrainingState, _ opened: OpenedRun, _ plan: Plan, _ log: RunLog, _ saver: CheckpointSaver,
    over world: borrowing Communicator, report: Reporter
  ) throws {
    if plan.isTestDue(after: state.step) {
      try test(state, of: opened, log, over: world)
    }
    if plan.isCheckpointDue(after: state.step) {
      try saver.begin(state, log, over: world)
      try opened.dataset.reportReplaced(over: world, report: report)
    }
  }

  /// Writes the last checkpoint and the final results.
  ///
  /// Collective.
  ///
  /// - Returns: The exit status of every rank.
  private static func end(
    _ isStopped: Bool, _ state: TrainingState, _ opened: OpenedRun, _ plan: Plan, _ evaluation: RunEvaluation,
    _ log: RunLog, _ saver: CheckpointSaver, over world: borrowing Communicator, report: Reporter
  ) throws -> ExitStatus {
    try saver.finish(state, log, isDone: !isStopped, over: world)
    try opened.dataset.reportReplaced(over: world, report: report)
    guard isStopped else { return .success }
    // A run that was asked to stop is saved before it is evaluated and tested, because these may take longer than the
    // remaining time.
    try evaluation.run(after: state, log, saver, over: world)
    saver.settle(log)
    if plan.isTestDue(after: state.step) {
      try test(state, of: opened, log, over: world)
    }
    let command =
      "supcon \(opened.configuration.command.rawValue) --resume --output \((opened.directory?.path ?? "DIR").shellQuoted)"
    report.outcome("stopped on request after step \(state.step) of \(plan.lastStep), saved; continue with\n\(command)")
    return .stopped
  }

  /// Tests the classifier of a training state; does nothing without a classifier.
  ///
  /// Collective.
  private static func test(
    _ state: TrainingState, of opened: OpenedRun, _ log: RunLog, over world: borrowing Communicator
  ) throws {
    guard let test = opened.test else { return }
    func accuracy(of state: TrainingState) throws -> TestAccuracy {
      let classifier = try world.throwingTogether {
        try TrainedClassifier(opened.configuration, state, viewSize: opened.configuration.viewSize(of: test))
      }
      return try classifier.accuracy(on: test, over: world)
    }
    log.add(try accuracy(of: state), averaged: try state.averaged.map(accuracy), step: state.step)
  }
}
