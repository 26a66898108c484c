import Datasets
import Formats
import Glibc
import MPI
import NeuralNet

/// The contrastive stage: from a recipe to a trained encoder in a run directory.
public enum Pretraining {
  /// What the command line asks for.
  public struct Request: Sendable {
    /// The options that were given.
    public var overrides: RecipeOverrides
    /// The run directory; `nil` for a free one under `runs`.
    public var output: String?
    /// Whether to continue the run that stands there.
    public var isResuming: Bool
    /// How gradients are added.
    public var order: ReductionOrder

    /// What is wrong with the options alone, or `nil`; a run to continue may still give others.
    public func problem(ranks: Int) -> String? {
      isResuming ? nil : overrides.applied(to: Recipe()).problem(ranks: ranks)
    }

    /// A request.
    public init(overrides: RecipeOverrides, output: String?, isResuming: Bool, order: ReductionOrder) {
      self.overrides = overrides
      self.output = output
      self.isResuming = isResuming
      self.order = order
    }
  }

  /// Trains, with every rank calling it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: What to do.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``AgreedError`` for what all ranks know, anything else for what ends the job at once.
  public static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    world.activity.begin("opening the run", isPatient: true)
    let opening = try RunOpening(request, over: world, report: report)
    // The directory's lock is held until the last write.
    defer { withExtendedLifetime(opening) {} }
    let recipe = opening.recipe
    let dataset = try world.agreeing {
      try DatasetChoice.open(recipe, .train) { note in
        if opening.directory != nil {
          report("note: \(note)")
        }
      }
    }
    try world.agreeOnSamples(of: dataset, recipe)
    let sampler = try world.agreeing { try recipe.makeSampler(dataset) }
    world.activity.begin("preparing the step")
    let unseen = zip(dataset.classNames, sampler.quotas).filter { _, quota in quota == 0 }.map { name, _ in name }
    if !unseen.isEmpty {
      report(
        "note: --sampler fixed-labels: batches of \(recipe.batchSize) have no place for \(unseen.count) small classes: "
          + unseen.prefix(10).joined(separator: ", ") + (unseen.count > 10 ? ", …" : ""))
    }
    try MemoryNeed.check(recipe, dataset, over: world, report: report)
    let step = try PretrainingStep.prepared(recipe, dataset, sampler, over: world, order: request.order)
    var state = try opening.state(initial: step.initialState, over: world)
    let allSteps = recipe.epochs * sampler.stepsPerEpoch
    let lastStep = min(recipe.steps ?? allSteps, allSteps)
    if opening.isResumed, state.step >= lastStep {
      report("the run is finished: \(state.step) of \(lastStep) steps; give more --steps to continue")
      return
    }
    report(
      "\(recipe.model) on \(recipe.dataset): \(state.parameterLayout.count) parameters, \(dataset.count) samples, "
        + "batch \(recipe.batchSize) in \(recipe.shardCount) shards over \(world.size) ranks × \(recipe.threads) threads, "
        + "steps \(state.step) to \(lastStep)")

    let log = try RunLog(
      recipe, directory: opening.directory, world: (world.rank, world.size), from: state.step, to: lastStep,
      stepsPerEpoch: sampler.stepsPerEpoch, report: report)
    let checkpointSteps = recipe.checkpointSteps ?? sampler.stepsPerEpoch
    var batches = BatchOrder(sampler)
    var batch = batches.batch(ofStep: state.step)
    while state.step < lastStep {
      let next = batches.batch(ofStep: state.step + 1)
      let start = ProcessMeasurements.now()
      let result = try step.run(&state, batch, next: state.step + 1 < lastStep ? next : nil, over: world)
      batch = next
      world.activity.begin("log")
      try log.add(result, step: state.step, seconds: ProcessMeasurements.now() - start)

      if state.step.isMultiple(of: checkpointSteps) || state.step == lastStep {
        try save(state, recipe, opening.directory, log, over: world)
      }
    }
    if lastStep == 0 {
      try save(state, recipe, opening.directory, log, over: world)
    }
    world.activity.begin("encoder file", isPatient: true)
    try world.agreeingOnRoot {
      try opening.directory.map { directory in
        try state.writeEncoder(to: directory.encoderPath)
        report("done: \(directory.path)/summary.json")
      }
    }
  }

  /// Writes checkpoint and summary.
  ///
  /// Collective.
  private static func save(
    _ state: TrainingState, _ recipe: Recipe, _ directory: RunDirectory?, _ log: RunLog,
    over world: borrowing Communicator
  ) throws {
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    world.activity.begin("checkpoint", isPatient: true)
    try world.agreeingOnRoot {
      guard let directory else { return }
      try directory.checkpoints.save(Checkpoint(recipe: recipe, state: state), keep: recipe.keep)
      try JSONValue.merge(log.summary(state, memory: memory), into: directory.summaryPath)
    }
  }
}

extension TrainingState {
  /// Writes the encoder alone, without projection head, momentum or recipe.
  fileprivate func writeEncoder(to path: String) throws(FileError) {
    let prefix = "encoder."
    let tensors = parameterLayout.tensors(of: parameters) + statisticsLayout.tensors(of: statistics)
    try SafetensorsWriter.write(
      to: path, metadata: ["format": "pt"], tensors: tensors.filter { tensor in tensor.name.hasPrefix(prefix) })
  }
}
