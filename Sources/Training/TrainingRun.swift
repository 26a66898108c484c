import Configuration
import DistributedStep
import Formats
import Glibc
import Job
import MPI
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
    /// True for a run of a sweep, which has the options in its file alone.
    package var isOfSweep = false
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
    var state = try opening.takeState(over: world, report: report)
    let opened = opening
    // The lock of the run directory is held until the last write.
    defer { withExtendedLifetime(opened) {} }
    let plan = StepPlan(opened.configuration, stepsPerEpoch: opened.sampler.stepsPerEpoch)
    let isFinished = opened.isResumed && state.step >= plan.lastStep
    let missed = try MissedMeasures.find(opened, plan, after: state.step, over: world)
    if isFinished, missed.isEmpty, try hasResults(opened, state, over: world) {
      report(finishedMessage(of: opened, state, plan, isOfSweep: request.isOfSweep))
      return .success
    }
    for line in isFinished ? [repairMessage(of: opened, missed)] : opened.lines { report(line) }
    var steps = SizedSteps(opened, base: base, report: report)
    // A finished run takes no step, and has not opened the teacher that a step may need.
    if !isFinished {
      world.activity.begin("preparing the step")
      _ = try steps.step(after: state.step, over: world)
      opened.describe(state, to: plan.lastStep, request, ranks: world.size, report)
      try request.diagnostics.prepare(after: state.step, through: plan.lastStep, over: world, report: report)
      markAsRunning(opened)
    }
    let log = try RunLog(
      opened.configuration, opened.dataset, directory: opened.directory, ranks: world.size, from: state.step,
      to: plan.lastStep, stepsPerEpoch: opened.sampler.stepsPerEpoch, console: console)
    let loop = TrainingLoop(opened, plan, request.diagnostics, log, report: report)
    defer { loop.saver.settle(log) }
    try loop.measureMissed(missed, state, over: world)
    let isStopped = try loop.train(&state, &steps, until: stopping, over: world)
    return try loop.end(state, isStopped: isStopped, over: world)
  }

  // MARK: - A finished run

  /// Replaces the status `finished` of a resumed run that has steps left again: if this process is killed before its
  /// first checkpoint, the run must not count as finished.
  private static func markAsRunning(_ opened: OpenedRun) {
    guard opened.isResumed, let directory = opened.directory, directory.status == .finished else { return }
    // A note only: the training matters more than a failure to write it.
    try? JSONValue.merge(["status": .text(RunStatus.running.rawValue)], into: directory.summaryPath)
  }

  /// Returns true if the files beside the last checkpoint of a finished run are there and of its weights; they may not
  /// be if a disk was full.
  ///
  /// Collective.
  private static func hasResults(
    _ opened: OpenedRun, _ state: TrainingState, over world: borrowing Communicator
  ) throws -> Bool {
    try world.rootValue { () -> Bool in
      guard let directory = opened.directory else { return true }
      let files = directory.weightFiles(opened.configuration)
      return files.allSatisfy { file in unsafe access(file.path, F_OK) == 0 }
        && JSONValue.fields(ofFile: directory.summaryPath)?["weights_sha256"] == .text(state.weightsSHA256())
    }
  }

  /// Returns the message for a finished run whose files are written again, after measures that it lacks.
  private static func repairMessage(of opened: OpenedRun, _ missed: MissedMeasures) -> String {
    "\(opened.directory?.path ?? "the run"): is finished; "
      + (missed.isEmpty ? "" : "what was not measured after its last step is measured now, and ")
      + "its files beside the checkpoint are written again"
  }

  /// Returns the message for a run that has no steps left.
  private static func finishedMessage(
    of opened: OpenedRun, _ state: TrainingState, _ plan: StepPlan, isOfSweep: Bool
  ) -> String {
    let path = opened.directory?.path ?? "the run"
    if isOfSweep { return "\(path): is finished, after step \(state.step)" }
    return "\(path): is finished, \(state.step) of \(plan.lastStep) steps, and nothing was done"
      + (plan.lastStep < plan.allSteps
        ? "; give more --steps to continue"
        : "; to train on, give --extend-epochs with more than \(counted(opened.configuration.schedule.epochs, "epoch")) in total, or begin a new run with --init \(path.shellQuoted)")
  }
}
