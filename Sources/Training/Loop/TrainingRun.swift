import Configuration
import Datasets
import Evaluation
import Formats
import Glibc
import Job
import MPI
import NeuralNet
import OneDNN
import Runs

/// The training of an encoder: from a configuration to weights in a run directory.
package enum TrainingRun {
  /// The options of the command.
  package struct Request: Sendable {
    /// The command, which decides the defaults.
    package var command: TrainingCommand
    /// The options that were given.
    package var overrides: ConfigurationOverrides
    /// The run directory; `nil` for a free one under `runs`.
    package var output: String?
    /// True to resume the run in that directory.
    package var isResuming: Bool
    /// The order in which gradients are added.
    package var order: ReductionOrder
    /// The time limit of this invocation in seconds, if any.
    package var maximumSeconds: Double?
    /// Optional diagnostics of this run.
    package var debugging = Diagnostics()

    /// The error in the options themselves, or `nil`; a resumed run may add other options.
    package func problem(ranks: Int) -> String? {
      // Options taken over from another run are known, and checked, once that run is read.
      let configuration = overrides.applied(to: command.defaults)
      return isResuming || configuration.model.initialPath != nil
        ? overrides.problem?.description : command.problem(configuration, given: overrides, ranks: ranks)?.description
    }

    package init(
      _ command: TrainingCommand = .pretrain, overrides: ConfigurationOverrides, output: String?, isResuming: Bool,
      order: ReductionOrder, maximumSeconds: Double?
    ) {
      self.command = command
      self.overrides = overrides
      self.output = output
      self.isResuming = isResuming
      self.order = order
      self.maximumSeconds = maximumSeconds
    }
  }

  /// Trains.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The exit code of every rank: the run is complete, or was stopped on request.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> ExitStatus {
    let stopping = StopRequest(maximumSeconds: request.maximumSeconds)
    defer { stopping.end() }
    world.activity.begin("opening the run", allowsSilence: true)
    let opening = try OpenedRun(request, over: world, report: report)
    // The directory's lock is held until the last write.
    defer { withExtendedLifetime(opening) {} }
    let configuration = opening.configuration
    let (dataset, sampler) = (opening.dataset, opening.sampler)
    world.activity.begin("preparing the step")
    let unseen = zip(dataset.classNames, sampler.quotas).filter { _, quota in quota == 0 }.map { name, _ in name }
    if !unseen.isEmpty {
      report(
        "note: --sampler fixed-labels: batches of \(configuration.batches.size) have no place for \(unseen.count) small classes: "
          + unseen.prefix(10).joined(separator: ", ") + (unseen.count > 10 ? ", …" : ""))
    }
    let step = try TrainingStep.prepared(configuration, dataset, sampler, over: world, order: request.order)
    try MemoryEstimate.check(step, over: world, report: report)
    var state = try opening.state(initial: step.initialState, over: world)
    let allSteps = configuration.schedule.epochs * sampler.stepsPerEpoch
    let lastStep = min(configuration.schedule.steps ?? allSteps, allSteps)
    if opening.isResumed, state.step >= lastStep {
      report("the run is finished: \(state.step) of \(lastStep) steps; give more --steps to continue")
      return .success
    }
    ReferencePrimitives.note(report)
    report(
      "\(configuration.model.name) on \(configuration.data.dataset.rawValue): \(state.parameterLayout.count) parameters, \(dataset.count) samples, "
        + "batch \(configuration.batches.size) in \(configuration.batches.shardCount) shards over \(world.size) ranks × \(configuration.compute.threads) threads, "
        + "steps \(state.step) to \(lastStep)")

    try request.debugging.prepare(after: state.step, through: lastStep, over: world, report: report)
    let log = try RunLog(
      configuration, dataset, directory: opening.directory, world: (world.rank, world.size), from: state.step,
      to: lastStep,
      stepsPerEpoch: sampler.stepsPerEpoch, report: report)
    let evaluationSteps = configuration.classifier.evaluateEpochs * sampler.stepsPerEpoch
    let checkpointSteps = configuration.checkpoints.steps ?? sampler.stepsPerEpoch
    let saving = CheckpointSaver(configuration, opening.directory, report: report)
    defer { saving.wait() }
    var batches = BatchOrder(sampler)
    var batch = batches.batch(ofStep: state.step)
    var (isStopped, isTestDue) = (false, false)
    while state.step < lastStep, !isStopped {
      let next = batches.batch(ofStep: state.step + 1)
      let start = ProcessMeasurements.now()
      let isStopping = stopping.isPending(reserveSeconds: 2 * log.lastStepSeconds + saving.lastSeconds)
      let result = try step.run(
        &state, batch, next: state.step + 1 < lastStep ? next : nil, isStopping: isStopping, over: world)
      let taken = batch
      batch = next
      world.activity.begin("step \(state.step), log")
      log.add(result, step: state.step, seconds: ProcessMeasurements.now() - start)
      try request.debugging.look(at: step, state, taken, loss: result.loss, over: world, report: report)
      isStopped = result.isStopRequested && state.step < lastStep
      isTestDue = state.step == lastStep || (evaluationSteps > 0 && state.step.isMultiple(of: evaluationSteps))
      if isTestDue, !isStopped {
        try test(state, of: opening, log, over: world)
      }
      if state.step.isMultiple(of: checkpointSteps), state.step < lastStep, !isStopped {
        try saving.begin(state, log, over: world)
        try dataset.reportReplaced(over: world, report: report)
      }
    }
    try saving.finish(state, log, isDone: !isStopped, over: world)
    try dataset.reportReplaced(over: world, report: report)
    if isStopped {
      // A stopped job may be killed before a test ends, so the checkpoint is saved first.
      if isTestDue {
        try test(state, of: opening, log, over: world)
      }
      report("stopped on request after step \(state.step) of \(lastStep); --resume continues")
    }
    return isStopped ? .stopped : .success
  }

  /// Tests the classifier of a state, if it has one.
  ///
  /// Collective.
  private static func test(
    _ state: TrainingState, of opening: OpenedRun, _ log: RunLog, over world: borrowing Communicator
  ) throws {
    guard let test = opening.test else { return }
    let classifier = try world.throwingTogether {
      try TrainedClassifier(opening.configuration, state, viewSize: opening.configuration.viewSize(of: test))
    }
    log.add(try classifier.accuracy(on: test, over: world), step: state.step)
  }
}
