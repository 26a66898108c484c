import Configuration
import DistributedStep
import Formats
import Job
import Runs

/// The configuration and run directory on rank 0, before the dataset is opened and before any file is written.
struct RunOpening {
  /// The options of the run, not all of them resolved.
  let configuration: Configuration
  /// The run directory, which need not exist for a new run.
  let directory: RunDirectory
  /// The checkpoint from which the run continues; `nil` for a run that begins from the start.
  let checkpoint: Checkpoint?
  /// The lock of a resumed run's directory; `nil` for a new run.
  let lock: RunLock?
  /// The teacher in the stored options of a resumed run; `nil` if they name none, or for a new run.
  let teacherPath: String?
  /// The lines about a resumed run, for the log.
  let lines: [String]

  /// True if the user named the directory; false for an unused one under `runs`.
  private let isNamed: Bool
  /// True if the options in the run directory stay as they are.
  private let keepsOptions: Bool

  /// Opens the run that a request resumes, or one that it begins.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - ranks: The number of ranks.
  ///   - precisions: The choice of the floating-point type.
  ///   - report: Receives log lines.
  /// - Throws: ``RunError`` or `FileError` naming an option or file.
  init(_ request: TrainingRun.Request, ranks: Int, precisions: PrecisionChoice, report: Reporter) throws {
    guard request.isResuming else {
      try self.init(beginning: request, ranks: ranks, precisions: precisions, report: report)
      return
    }
    let directory = try request.output.map(RunDirectory.init) ?? Self.newestRun(request, report: report)
    guard directory.holdsRun else {
      try directory.checkIsReadable()
      if let epochs = request.extendedEpochs {
        throw ResumeRefusals.noRun(in: directory.path, toExtendTo: epochs)
      }
      guard request.overrides.givesData else { throw ResumeRefusals.noRun(in: directory.path) }
      report("\(directory.path): holds no run yet; beginning from the start")
      try self.init(beginning: request, ranks: ranks, precisions: precisions, report: report)
      return
    }
    try self.init(resuming: directory, request, ranks: ranks, precisions: precisions, report: report)
  }

  // MARK: - A new run

  private init(
    beginning request: TrainingRun.Request, ranks: Int, precisions: PrecisionChoice, report: Reporter
  ) throws {
    var configuration = try request.overrides.configuration(of: request.command)
    if let problem = request.command.problem(configuration, given: request.overrides, ranks: ranks) {
      throw problem
    }
    if let size = configuration.data.imageSize, let path = configuration.model.initialPath,
      !request.overrides.gives(\.data.imageSize)
    {
      report("image size: \(size), that of \(path), as --image-size is not given")
    }
    configuration.compute.precision = try precisions.resolve(
      configuration.compute.precision, widths: configuration.groupWidths, report: report
    )
    let directory =
      request.output.map(RunDirectory.init)
      ?? RunDirectory.free(
        command: request.command.rawValue, model: configuration.model.name, dataset: configuration.data.dataset.rawValue
      )
    try directory.checkIsFree()
    try directory.checkIsApart(from: configuration.data.path, configuration.data.splitFolders)
    try directory.checkCanBeCreated()
    (self.configuration, self.directory) = (configuration, directory)
    (checkpoint, lock, teacherPath, lines) = (nil, nil, nil, [])
    (isNamed, keepsOptions) = (request.output != nil, false)
  }

  // MARK: - A resumed run

  /// Returns the run that `--resume` without a folder continues, and reports its path.
  private static func newestRun(
    _ request: TrainingRun.Request, report: Reporter
  ) throws(RunError) -> RunDirectory {
    // A run that has taken the --steps of its first start is finished, and goes on with more of them.
    let includesFinished = request.extendedEpochs != nil || request.overrides.gives(\.schedule.steps)
    let (directory, others) = try RunDirectory.newest(of: request.command, includesFinished: includesFinished)
    let kind = includesFinished ? "" : "unfinished "
    report(
      "--resume: continuing \(directory.path), "
        + (others > 0
          ? "the newest of \(others + 1) \(kind)runs under runs; --output DIR chooses another"
          : "the only \(kind)run under runs"))
    return directory
  }

  private init(
    resuming directory: RunDirectory, _ request: TrainingRun.Request, ranks: Int, precisions: PrecisionChoice,
    report: Reporter
  ) throws {
    let output = directory.path
    let lock = try RunLock(directory: output) { line in report(line) }
    var old = try directory.configuration()
    if let problem = ResumeRefusals.problem(ofResuming: directory, old, with: request.command) { throw problem }
    let begunEpochs = old.schedule.epochs
    let extensionText = try request.extendedEpochs.flatMap { total in try old.extend(toEpochs: total, run: output) }
    if !request.overrides.gives(\.data.path) {
      try old.locateData(ofRun: output)
    }
    var configuration = try Self.configuration(
      of: request, resuming: old, begunEpochs: begunEpochs, ranks: ranks, run: output)
    do {
      configuration.compute.precision = try precisions.resolve(
        configuration.compute.precision, widths: configuration.groupWidths, report: report)
    } catch {
      throw RunError(
        error.exitCode, "\(output): the run computes in bfloat16: \(error.problem)",
        remedy: "resume it on hosts with bfloat16, or begin a new run with --init \(output.shellQuoted)")
    }
    // A checkpoint takes the memory of the state already, before all ranks are compared.
    if let problem = (try? LeastMemory(configuration))?.problem([LeastMemory.Limits(ranksOnHost: 1)]) { throw problem }
    let checkpoint = try directory.checkpoints.newest(of: configuration) { damage in
      report.warn("\(damage); trying the checkpoint before it")
    }
    if checkpoint == nil, directory.status == .finished {
      throw ResumeRefusals.noCheckpoints(in: directory)
    }
    var isPast = false
    if let steps = configuration.schedule.steps, let taken = checkpoint?.state.step, steps < taken {
      // It is finished, and its options stay as they are.
      configuration.schedule.steps = taken
      isPast = true
    }
    Self.noteInstructions(of: directory, report)
    let beginning =
      checkpoint.map { checkpoint in "\(output): continuing after step \(checkpoint.state.step)" }
      ?? "\(output): no checkpoint was completed; beginning from the start"
    (self.configuration, self.directory) = (configuration, directory)
    (self.checkpoint, self.lock) = (checkpoint, lock)
    teacherPath = old.classifier.teacherPath
    lines = (extensionText.map { line in [line] } ?? []) + [beginning]
    (isNamed, keepsOptions) = (true, isPast)
  }

  /// Returns the options of a run with those of a request in their place.
  ///
  /// - Throws: ``RunError`` naming an option that is invalid or that a resumed run cannot change.
  private static func configuration(
    of request: TrainingRun.Request, resuming old: Configuration, begunEpochs: Int, ranks: Int, run: String
  ) throws(RunError) -> Configuration {
    var configuration = request.overrides.resuming(old)
    if request.extendedEpochs != nil {
      // The command that began the run is given again, with the extension behind it, as by a job that is requeued: an
      // earlier start may have extended the run already. Only the cosine depends on the former ends, and records them.
      let asked = configuration.schedule.epochs
      let isFormer =
        old.schedule.kind == .cosine
        ? old.schedule.cosineRestarts?.contains(asked) == true : asked <= begunEpochs
      if isFormer { configuration.schedule.epochs = old.schedule.epochs }
    }
    // Invalid options are reported before those that conflict with the resumed run.
    let invalid =
      ResumeRefusals.problem(ofRanks: ranks, configuration, resuming: old)
      ?? ResumeRefusals.otherDataset(configuration, resuming: old, request, run: run)
      ?? request.command.problem(configuration, given: request.overrides, ranks: ranks)
    if let invalid { throw invalid }
    if let difference = OptionDifference(of: configuration, from: old) {
      throw ResumeRefusals.conflict(difference, request, run: run)
    }
    return configuration
  }

  /// Notes that the weights of a run come from other vector instructions than those with which it goes on.
  private static func noteInstructions(of directory: RunDirectory, _ report: Reporter) {
    let level = InstructionSetAgreement.agreed.rawValue
    guard let former = JSONValue.fields(ofFile: directory.summaryPath)?["isa"]?.string, former != level else { return }
    report.warn(
      "\(directory.path): trained with --isa \(former) until now, continues with \(level): the last bits of its weights will be others than without the interruption"
    )
  }

  // MARK: - Files

  /// Writes the resolved options into the run directory.
  ///
  /// - Parameters:
  ///   - configuration: The resolved options.
  ///   - report: Receives a line if another job has the directory's lock.
  /// - Returns: The directory, another one if its name was not given and is taken by now, and its lock.
  /// - Throws: ``RunError`` or `FileError` naming the directory or file.
  func write(_ configuration: Configuration, report: Reporter) throws -> (directory: RunDirectory, lock: RunLock) {
    if let lock {
      // The folder of checkpoints may have been removed.
      try directory.create()
      directory.checkpoints.removeLeftovers()
      guard !keepsOptions else { return (directory, lock) }
      try AtomicFile.write(configuration.withAbsolutePaths.yaml(), to: directory.configurationPath)
      return (directory, lock)
    }
    let created = try isNamed ? directory : directory.claimed()
    try created.create()
    let lock = try RunLock(directory: created.path) { line in report(line) }
    // Another job may have started, and even finished, a run here while this one was waiting for the lock.
    try created.checkIsFree()
    try AtomicFile.write(configuration.withAbsolutePaths.yaml(), to: created.configurationPath)
    return (created, lock)
  }
}
