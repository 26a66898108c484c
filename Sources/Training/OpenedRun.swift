import Configuration
import DataLoading
import Datasets
import DistributedStep
import Job
import MPI
import NeuralNet
import OneDNN
import Runs

/// A run that is ready to train: a new run directory, or one that is resumed.
struct OpenedRun {
  /// The resolved configuration, the same on every rank.
  let configuration: Configuration
  /// The run directory on rank 0; `nil` on other ranks.
  let directory: RunDirectory?
  /// True if the run continues from a checkpoint.
  let isResumed: Bool
  /// The records of a resumed run up to its checkpoint, on rank 0; `nil` for a new run and on other ranks.
  let logged: LoggedResults?
  /// The training set.
  let dataset: any ImageDataset
  /// The images on which the classifier is tested, and the split that they are; `nil` without a classifier.
  let test: DatasetChoice.OpenedSplit?
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
      try RunOpening(request, ranks: ranks, precisions: precisions, report: report)
    }
    var configuration = try Configuration.received(opened?.configuration, over: world)
    isResumed = try world.rootValue { opened?.checkpoint != nil }
    let isNew = try world.rootValue { opened?.lock == nil }

    // Opened first, so that a dataset that cannot be opened or is too small leaves no empty run behind.
    let (fingerprint, classes) = (configuration.data.fingerprint, configuration.classifier.classes)
    let dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    configuration.resolveStem(for: configuration.viewSize(of: dataset))
    try world.agreeOnSamples(of: dataset, configuration)
    let contents = try DatasetContents(of: dataset, configuration, over: world)
    // A resumed run keeps the value with which it was begun, even if it has none: its checkpoints must match.
    if isNew { configuration.data.contents = contents.text }
    // Before the sampler, which would report lost images as a training set smaller than a batch.
    let found = configuration
    try world.throwingTogether {
      try Self.check(
        dataset, found, against: (fingerprint, classes), change: contents.change, request, opened?.directory)
    }
    if isNew {
      configuration.resolveDefaults(for: dataset, given: request.overrides, report: report)
    }
    let unresolved = configuration
    sampler = try world.throwingTogether { try unresolved.makeSampler(dataset, ranks: ranks) }
    configuration.resolveWarmup(stepsPerEpoch: sampler.stepsPerEpoch, report: report)
    let lastStep = configuration.schedule.lastStep(stepsPerEpoch: sampler.stepsPerEpoch)
    let isDone = try world.rootValue { (opened?.checkpoint?.state.step ?? -1) >= lastStep }
    // A run without steps left needs no teacher.
    teacher = isDone ? nil : try Teacher(of: configuration, dataset, over: world, report: report)
    if let teacher { configuration.classifier.teacherHash = teacher.weightsHash }
    if isDone { try Self.keepTeacher(of: opened, &configuration, request, over: world, report: report) }
    let resolved = configuration
    // Ranks that share their parameters cannot be compared; the run's file keeps what was asked for.
    if request.diagnostics.checkRanksSteps != nil { configuration.compute.sharedMemory = .off }
    if !isDone { try LeastMemory.check(configuration, over: world) }
    test = try resolved.isClassifying ? DatasetChoice.openSplit(resolved, .test, over: world, report: report) : nil
    try test.map { test in try world.agreeOnSamples(of: test.dataset, resolved) }
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
    logged = opened.flatMap { opened in
      opened.checkpoint.map { checkpoint in LoggedResults(of: opened.directory, through: checkpoint.state.step) }
    }
    lock = written?.lock
    lines = opened?.lines ?? []
  }

  /// Gives a run without steps left the teacher of its stored options: another one that is given now was not opened.
  ///
  /// Collective.
  private static func keepTeacher(
    of opened: RunOpening?, _ configuration: inout Configuration, _ request: TrainingRun.Request,
    over world: borrowing Communicator, report: Reporter
  ) throws {
    let own = try world.rootValue { () throws -> String? in opened?.teacherPath }
    // The stored path is absolute.
    let isOther = configuration.withAbsolutePaths.classifier.teacherPath != own
    if request.overrides.gives(\.classifier.teacherPath), isOther, let asked = configuration.classifier.teacherPath {
      report.note("--teacher \(asked): is not looked at and not stored, as the run has no steps left")
    }
    configuration.classifier.teacherPath = own
  }

  /// Checks that the dataset has the images with which the run was begun, and the number of classes of its classifier.
  ///
  /// - Parameters:
  ///   - dataset: The training set.
  ///   - configuration: The options with the properties of the training set.
  ///   - begun: The fingerprint and the number of classes in the options as they were read; `nil` for none.
  ///   - change: What has changed in the files of the images; `nil` if nothing is known to have.
  ///   - request: The options of the command.
  ///   - directory: The run directory, on rank 0.
  /// - Throws: ``RunError`` naming the difference.
  private static func check(
    _ dataset: any ImageDataset, _ configuration: Configuration, against begun: (fingerprint: String?, classes: Int?),
    change: String?, _ request: TrainingRun.Request, _ directory: RunDirectory?
  ) throws(RunError) {
    if let fingerprint = begun.fingerprint, fingerprint != configuration.data.fingerprint {
      throw ResumeRefusals.otherImages(dataset, configuration, request, directory)
    }
    if let change { throw ResumeRefusals.otherImages(configuration, request, directory, difference: change) }
    guard let classes = begun.classes, classes != configuration.classifier.classes else { return }
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
}
