import Configuration
import Datasets
import Formats
import Job
import MPI
import NeuralNet
import Runs

/// Makes a run directory from weights that another program trained: what follows pretraining goes on from there.
package enum WeightImport {
  /// What the command line asks for.
  package struct Request: Sendable {
    /// The weight file, safetensors.
    package var weights: String
    /// Whose names and models it has.
    package var layout: WeightLayout
    /// The options that were given: encoder, stem, dataset, precision.
    package var overrides: ConfigurationOverrides
    /// The run directory; `nil` for a free one under `runs`.
    package var output: String?

    /// A request.
    package init(weights: String, layout: WeightLayout, overrides: ConfigurationOverrides, output: String?) {
      self.weights = weights
      self.layout = layout
      self.overrides = overrides
      self.output = output
    }

    /// What is wrong with the options alone, or `nil`.
    package var problem: String? {
      configuration.problem(ranks: 1) ?? (configuration.stem == "auto" ? layoutProblem(.cifar) : nil)
        ?? ResNetArchitecture.Stem(rawValue: configuration.stem).flatMap(layoutProblem)
    }

    private func layoutProblem(_ stem: ResNetArchitecture.Stem) -> String? {
      var resolved = configuration
      resolved.stem = stem.rawValue
      return layout.problem(resolved.architecture)
    }

    /// The recipe before the weights were looked at; other programs evaluate in float32.
    fileprivate var configuration: Configuration {
      var base = Configuration()
      base.precision = "float32"
      base.normalizeEncoder = layout.isNormalizingRepresentations
      return overrides.applied(to: base)
    }
  }

  /// Reads the weights and writes the run directory, on rank 0.
  ///
  /// Collective. All names and shapes are checked before anything is written.
  ///
  /// - Parameters:
  ///   - request: What to do.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` naming what does not fit.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    world.activity.begin("reading the weights", allowsSilence: true)
    let precisions = try PrecisionChoice(over: world)
    let opened = try world.onRoot { try Opened(request, precisions) }
    var configuration = try Configuration(
      yaml: try world.broadcast(text: opened?.configuration.yaml() ?? ""), path: "the configuration from rank 0")
    let dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    try world.agreeOnSamples(of: dataset, configuration)
    let resolved = configuration
    world.activity.begin("writing the run", allowsSilence: true)
    try world.onRoot {
      try opened?.write(resolved, request, report)
    }
  }

  /// What rank 0 found before the dataset was opened; nothing is written yet.
  private struct Opened {
    let configuration: Configuration
    let state: TrainingState
    let directory: RunDirectory
    let classifierNames: [String]

    init(_ request: Request, _ precisions: PrecisionChoice) throws {
      var configuration = request.configuration
      directory =
        request.output.map(RunDirectory.init)
        ?? RunDirectory.free(command: "import", model: configuration.model, dataset: configuration.dataset)
      try directory.checkIsFree()
      configuration.precision = try precisions.resolve(configuration.precision, widths: configuration.groupWidths)
        .rawValue
      let weights = try ForeignWeights(path: request.weights, request.layout)
      if configuration.stem == "auto" {
        configuration.stem = weights.stem.rawValue
      }
      weights.setHead(&configuration)
      if let problem = request.layout.problem(configuration.architecture) {
        throw RunError(.data, "\(request.weights): its first convolution is \(configuration.stem)'s: \(problem)")
      }
      let layout = try configuration.modelLayout
      try weights.check(
        layout.parameters.slices + layout.statistics.slices,
        model: "\(configuration.model) with the \(configuration.stem) stem")
      var state = TrainingState(toFill: configuration, layout)
      try weights.fill(&state)
      self.configuration = configuration
      self.state = state
      classifierNames = weights.classifierNames
    }

    func write(_ configuration: Configuration, _ request: Request, _ report: (String) -> Void) throws {
      try directory.create()
      let lock = try RunLock(directory: directory.path)
      defer { withExtendedLifetime(lock) {} }
      try directory.checkIsFree()
      try AtomicFile.write(configuration.yaml(), to: directory.configurationPath)
      try state.write(TrainingState.encoderPrefix, to: directory.encoderPath)
      let summary: [String: JSONValue] = [
        "command": .text("import"), "version": .text(supconVersion), "model": .text(configuration.model),
        "dataset": .text(configuration.dataset), "precision": .text(configuration.precision),
        "weights": .text(request.weights),
        "layout": .text(request.layout.rawValue), "steps": .integer(state.step),
        "weights_sha256": .text(state.weightsSHA256()),
      ]
      try JSONValue.merge(summary, into: directory.summaryPath)
      try directory.checkpoints.save(Checkpoint(configuration: configuration, state: state), keep: configuration.keep)
      if !classifierNames.isEmpty {
        report(
          "note: \(classifierNames.joined(separator: ", ")): left out; supcon linear --run \(directory.path) trains a classifier"
        )
      }
      let head = configuration.head == "none" ? "without projection head" : "with its projection head"
      report(
        "\(directory.path): \(configuration.model) with the \(configuration.stem) stem, \(head), from \(request.weights); go on with supcon linear, evaluate or embed --run \(directory.path)"
      )
    }
  }
}
