import Configuration
import DataLoading
import Datasets
import DistributedStep
import Formats
import ImagePacks
import Imaging
import Job
import MPI
import NeuralNet
import OneDNN
import Runs

/// A run that is ready to train: a new run directory, or one that is resumed.
struct OpenedRun {
  /// The resolved configuration, the same on every rank.
  var configuration: Configuration
  /// The run directory on rank 0; `nil` on other ranks.
  let directory: RunDirectory?
  /// True if the run continues from a checkpoint.
  let isResumed: Bool
  /// The training set.
  let dataset: any ImageDataset
  /// The test set of the classifier; `nil` if there is none.
  let test: (any ImageDataset)?
  /// The sampler of the global batches.
  let sampler: Sampler
  /// The teacher of a distillation; `nil` without one.
  let teacher: Teacher?

  /// The lines about a resumed run, for the log.
  let lines: [String]

  private var checkpoint: Checkpoint?
  /// The weights with which a new run's encoder begins, on rank 0; `nil` for random values.
  private var encoder: InitialEncoder?
  private let lock: RunLock?

  /// Resolves the options, and creates or opens the run directory.
  ///
  /// Collective. Everything is checked before any file is written.
  init(
    _ request: TrainingRun.Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    let ranks = world.size
    let precisions = try PrecisionChoice(over: world)
    let opened = try world.onRoot {
      try Self.open(request, ranks: ranks, precisions: precisions, report: report)
    }
    var configuration = try Configuration.received(opened?.configuration, over: world)
    var flags = [Int32(opened?.checkpoint == nil ? 0 : 1), opened?.lock == nil ? 1 : 0]
    try world.broadcast(&flags)
    isResumed = flags[0] == 1
    let isNew = flags[1] == 1

    // Opened first, so that a dataset that cannot be opened or is too small leaves no empty run behind.
    let (fingerprint, classes) = (configuration.data.fingerprint, configuration.classifier.classes)
    let dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    configuration.resolveStem(for: configuration.viewSize(of: dataset))
    try world.agreeOnSamples(of: dataset, configuration)
    let contents = try DatasetContents(of: dataset, configuration, over: world)
    // A resumed run keeps what it has, also nothing, as its checkpoints do.
    if isNew { configuration.data.contents = contents.text }
    // Before the batch: a set that has lost images is not refused for being smaller than it.
    let found = configuration
    try world.throwingTogether {
      if let fingerprint, fingerprint != found.data.fingerprint {
        throw Self.otherImages(dataset, found, request, opened?.directory)
      }
      if let change = contents.change { throw Self.otherImages(found, request, opened?.directory, change) }
      if let classes { try Self.checkClasses(of: dataset, found, against: classes) }
    }
    if isNew {
      configuration.resolveDefaults(for: dataset, given: request.overrides, report: report)
    }
    let unresolved = configuration
    sampler = try world.throwingTogether { try unresolved.makeSampler(dataset, ranks: ranks) }
    configuration.resolveWarmup(stepsPerEpoch: sampler.stepsPerEpoch, report: report)
    let lastStep = configuration.schedule.lastStep(stepsPerEpoch: sampler.stepsPerEpoch)
    let isDone = try world.broadcast(bytes: [opened?.checkpoint?.state.step ?? -1 >= lastStep ? 1 : 0]) == [1]
    // A run without steps left needs none.
    teacher = isDone ? nil : try Teacher(of: configuration, dataset, over: world, report: report)
    if let teacher { configuration.classifier.teacherHash = teacher.weightsHash }
    let resolved = configuration
    test = try resolved.isClassifying ? DatasetChoice.open(resolved, .test, over: world, report: report) : nil
    try test.map { test in try world.agreeOnSamples(of: test, resolved) }
    let (encoder, written) = try world.throwingTogether {
      () throws -> (InitialEncoder?, (directory: RunDirectory, lock: RunLock)?) in
      if let problem = resolved.progressiveSizeProblem(viewSize: resolved.viewSize(of: dataset)) {
        throw problem
      }
      let encoder = try opened.flatMap { opened in
        try opened.checkpoint == nil ? InitialEncoder(of: resolved, report: report) : nil
      }
      return (encoder, try opened?.write(resolved, report: report))
    }
    self.encoder = encoder
    self.configuration = configuration
    self.dataset = dataset
    directory = written?.directory
    checkpoint = opened?.checkpoint
    lock = written?.lock
    lines = opened?.lines ?? []
  }

  /// Returns the error for a dataset whose images differ from those with which the run was begun.
  private static func otherImages(
    _ dataset: any ImageDataset, _ configuration: Configuration, _ request: TrainingRun.Request,
    _ directory: RunDirectory?
  ) -> RunError {
    let count = "\(counted(dataset.count, "image")) in \(counted(dataset.classNames.count, "class"))"
    var found = dataset is PackedDataset ? "another pack, \(count)" : "\(count) with other names"
    if case .integer(let former)? = directory.flatMap({ directory in
      JSONValue.fields(ofFile: directory.summaryPath)?["train_samples"]
    }), former != dataset.count {
      found = "\(dataset.count) in \(counted(dataset.classNames.count, "class")), \(former) when the run began"
    }
    return otherImages(configuration, request, directory, found)
  }

  private static func otherImages(
    _ configuration: Configuration, _ request: TrainingRun.Request, _ directory: RunDirectory?, _ difference: String
  ) -> RunError {
    let origin = request.isResuming ? "the run in \(directory?.path ?? "")" : "the run of --config"
    let others =
      request.isResuming
      ? "with another --output (--init \(directory?.path ?? "") takes its encoder)"
      : "without dataset-fingerprint and dataset-contents"
    return RunError(
      .configuration,
      "\(configuration.data.path ?? ""): its images are not those that \(origin) was begun with: \(difference)",
      remedy: "put the files back, or begin a new run \(others)")
  }

  /// Checks that the dataset's number of classes equals that of the configuration's classifier.
  private static func checkClasses(
    of dataset: any ImageDataset, _ configuration: Configuration, against classes: Int
  ) throws(RunError) {
    guard classes != configuration.classifier.classes else { return }
    throw RunError(
      .configuration,
      "\(configuration.data.path ?? configuration.data.dataset.rawValue): has \(counted(dataset.classNames.count, "class")) (\(dataset.classNames.prefix(10).joined(separator: ", "))), but the configuration is of a classifier of \(classes)",
      remedy: "give the data that it was written for, or begin a new run")
  }

  /// Returns the state at the beginning of training, rank 0's checkpoint on all ranks or the initial state, and keeps
  /// no other copy of its numbers.
  ///
  /// Collective.
  mutating func takeState(over world: borrowing Communicator, report: Reporter) throws -> TrainingState {
    var state = try checkpoint?.state ?? TrainingState(configuration, configuration.modelLayout)
    encoder?.replace(&state)
    (checkpoint, encoder) = (nil, nil)
    return try state.placed(
      configuration.compute.sharedMemory, isFromRoot: isResumed || configuration.model.initialPath != nil, over: world,
      report: report)
  }

  /// The configuration and run directory on rank 0, before the dataset is opened and before any file is written.
  private struct Opened {
    var configuration: Configuration
    var directory: RunDirectory
    /// True if the user named the directory; false for an unused one under `runs`.
    var isNamed = true
    var checkpoint: Checkpoint?
    /// The lock of a resumed run's directory; `nil` for a new run.
    var lock: RunLock?
    /// True if the options in the run directory stay as they are.
    var keepsOptions = false
    /// The lines about a resumed run, for the log.
    var lines: [String] = []

    /// Writes the resolved options into the run directory.
    ///
    /// - Returns: The directory, another one if its name was not given and is taken by now, and its lock.
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

  /// Returns the error for a path of `--resume` without a run, with the run that was probably meant.
  private static func noRun(in path: String) -> RunError {
    RunError(
      .missing, "--resume: \(path) holds no run",
      remedy: (FolderNames.run(like: path).map { run in "did you mean \(run)? To" } ?? "to")
        + " begin a run there, give its --dataset (or --config, --recipe) too")
  }

  /// Returns the error for what a command cannot resume, imported weights or a run of another command; else `nil`.
  private static func problem(
    ofResuming directory: RunDirectory, _ configuration: Configuration, with command: TrainingCommand
  ) -> RunError? {
    if directory.isImported {
      return RunError(
        .configuration, "--resume: \(directory.path) holds imported weights, which were not trained here",
        remedy: "begin a run with them: --init \(directory.path) and another --output")
    }
    guard configuration.command != command else { return nil }
    return RunError(
      .configuration, "\(directory.path): holds a run of supcon \(configuration.command.rawValue)",
      remedy: "continue it with that command")
  }

  private static func open(
    _ request: TrainingRun.Request, ranks: Int, precisions: PrecisionChoice, report: Reporter
  ) throws -> Opened {
    guard request.isResuming else { return try begin(request, ranks: ranks, precisions: precisions, report: report) }
    let directory = try request.output.map(RunDirectory.init) ?? newestRun(request, report: report)
    let output = directory.path
    guard directory.holdsRun else {
      try directory.checkIsReadable()
      if let epochs = request.extendedEpochs {
        throw RunError(
          .missing, "--extend-epochs \(epochs): \(output) holds no run to train on",
          remedy: "check the path; for a new run give --epochs \(epochs)")
      }
      guard request.overrides.givesData else { throw noRun(in: output) }
      report("\(output): holds no run yet; beginning from the start")
      return try begin(request, ranks: ranks, precisions: precisions, report: report)
    }
    let lock = try RunLock(directory: output) { line in report(line) }
    var old = try directory.configuration()
    if let problem = problem(ofResuming: directory, old, with: request.command) { throw problem }
    let begunEpochs = old.schedule.epochs
    let extensionText = try request.extendedEpochs.flatMap { total in try old.extend(toEpochs: total, run: output) }
    if !request.overrides.gives(\.data.path) {
      try old.locateData(ofRun: output)
    }
    var configuration = request.overrides.applied(to: old)
    // The same encoder may be named in other words than in the run's file, whose paths are absolute.
    if configuration.withAbsolutePaths.model.initialPath == old.withAbsolutePaths.model.initialPath {
      configuration.model.initialPath = old.model.initialPath
    }
    if request.extendedEpochs != nil, configuration.schedule.epochs == begunEpochs {
      // The command that began the run is given again, with the extension behind it.
      configuration.schedule.epochs = old.schedule.epochs
    }
    if ranks > old.batches.shardCount, configuration.batches == old.batches {
      throw RunError(
        .usage,
        "\(counted(ranks, "rank")) for the \(counted(old.batches.shardCount, "shard")) of this run, which a resumed run cannot change",
        remedy: "start at most \(counted(old.batches.shardCount, "rank"))")
    }
    let (dataset, ownDataset) = (configuration.data.dataset.rawValue, old.data.dataset.rawValue)
    if dataset != ownDataset {
      throw conflict("dataset", dataset, ownDataset, request.overrides.source(of: "dataset"), run: output)
    }
    // Invalid options are reported before those that conflict with the resumed run.
    if let problem = request.command.problem(configuration, given: request.overrides, ranks: ranks) {
      throw problem
    }
    // For a resumed run, `auto` means the value with which it was started.
    configuration.compute.precision = configuration.compute.precision ?? old.compute.precision
    configuration.model.stem = configuration.model.stem ?? old.model.stem
    // The place of a teacher may change, but a run that was begun without one cannot get one.
    if let teacher = configuration.classifier.teacherPath, old.classifier.teacherPath == nil {
      throw conflict("teacher", teacher, "nothing", request.overrides.source(of: "teacher"), run: output)
    }
    if let (option, asked, own) = configuration.conflict(with: old) {
      throw conflict(option, asked, own, request.overrides.source(of: option), run: output)
    }
    do {
      configuration.compute.precision = try precisions.resolve(
        configuration.compute.precision, widths: configuration.groupWidths, report: report)
    } catch {
      throw RunError(
        error.exitCode, "\(output): the run computes in bfloat16: \(error.problem)",
        remedy: "resume it on hosts with bfloat16, or begin a new run with --init \(output)")
    }
    let checkpoint = try directory.checkpoints.newest(of: configuration) { damage in
      report.warn("\(damage); trying the checkpoint before it")
    }
    if checkpoint == nil, directory.status == .finished {
      throw RunError(
        .missing, "\(output): is finished, and its checkpoints are gone",
        remedy: "put them back, or begin a new run with another --output (--init \(directory.encoderPath(of: .raw)))")
    }
    var isPast = false
    if let steps = configuration.schedule.steps, let taken = checkpoint?.state.step, steps < taken {
      // It is finished, and its options stay as they are.
      configuration.schedule.steps = taken
      isPast = true
    }
    noteInstructions(of: directory, report)
    let beginning =
      checkpoint.map { checkpoint in "\(output): continuing after step \(checkpoint.state.step)" }
      ?? "\(output): no checkpoint was completed; beginning from the start"
    return Opened(
      configuration: configuration, directory: directory, checkpoint: checkpoint, lock: lock, keepsOptions: isPast,
      lines: (extensionText.map { line in [line] } ?? []) + [beginning])
  }

  /// Notes that the weights of a run come from other vector instructions than those with which it goes on.
  private static func noteInstructions(of directory: RunDirectory, _ report: Reporter) {
    let level = InstructionSetAgreement.agreed.rawValue
    guard case .text(let former)? = JSONValue.fields(ofFile: directory.summaryPath)?["isa"], former != level else {
      return
    }
    report.warn(
      "\(directory.path): trained with --isa \(former) until now, continues with \(level): the last bits of its weights will be others than without the interruption"
    )
  }

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

  /// Returns the error for an option value that a resumed run cannot change; names the recipe or file with it, if any.
  private static func conflict(
    _ option: String, _ asked: String, _ own: String, _ source: String?, run: String
  ) -> RunError {
    let place = source.map { source in "\(source): gives \(option) \(asked), but" } ?? "--\(option) \(asked):"
    let others = "or begin a new run with another --output (--init \(run) takes its encoder)"
    return RunError(
      .configuration,
      "\(place) the run in \(run) was begun with \(own == "nothing" ? "its default" : own), which a resumed run cannot change",
      remedy: source.map { source in
        "leave out \(source), as a resumed run has its own options, \(others)"
      }
        ?? (option == "epochs"
          ? "to train longer give --extend-epochs \(asked) instead, \(others)" : "leave the option out, \(others)"))
  }

  private static func begin(
    _ request: TrainingRun.Request, ranks: Int, precisions: PrecisionChoice, report: Reporter
  ) throws -> Opened {
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
    return Opened(
      configuration: configuration, directory: directory, isNamed: request.output != nil, checkpoint: nil, lock: nil)
  }
}
