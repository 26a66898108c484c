import Configuration
import Datasets
import Formats
import Job
import MPI
import NeuralNet
import Runs

/// The import of another program's weights into a new run directory, for later commands such as `supcon linear`.
package enum WeightImport {
  /// The options of `supcon import`.
  package struct Request: Sendable {
    /// The path of the weight file (safetensors).
    package var weights: String
    /// The naming scheme of the file.
    package var layout: WeightLayout
    /// The options that were given: encoder, stem, dataset, data type.
    package var overrides: ConfigurationOverrides
    /// The run directory; `nil` for an unused one under `runs`.
    package var output: String?
    /// The text with which the names of the model's tensors in the file begin; `nil` to detect it.
    package var prefix: String?

    /// Creates a request that detects the prefix.
    package init(weights: String, layout: WeightLayout, overrides: ConfigurationOverrides, output: String?) {
      self.weights = weights
      self.layout = layout
      self.overrides = overrides
      self.output = output
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      configuration.problem(given: overrides, ranks: 1)?.description
        ?? layoutProblem(configuration.model.stem ?? .cifar)
    }

    private func layoutProblem(_ stem: ResNetArchitecture.Stem) -> String? {
      var resolved = configuration
      resolved.model.stem = stem
      return layout.problem(resolved.architecture, isImport: true)
    }

    /// The configuration before the weights are read; in float32, in which other programs evaluate.
    fileprivate var configuration: Configuration {
      var base = Configuration()
      base.compute.precision = .float32
      base.model.normalizeEncoder = layout.isNormalizingRepresentations
      return overrides.applied(to: base)
    }
  }

  /// Reads the weights and writes the run directory, on rank 0.
  ///
  /// Collective. All names and shapes are checked before anything is written.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the tensors or options that do not match.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("reading the weights", allowsSilence: true)
    let precisions = try PrecisionChoice(over: world)
    let opened = try world.onRoot { try Opened(request, precisions) }
    var configuration = try Configuration.received(opened?.configuration, over: world)
    let dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    try world.agreeOnSamples(of: dataset, configuration)
    let resolved = configuration
    world.activity.begin("writing the run", allowsSilence: true)
    try world.onRoot {
      try opened?.write(resolved, request, report)
    }
  }

  /// The configuration and weights on rank 0 before the dataset is opened, when nothing has been written.
  private struct Opened {
    let configuration: Configuration
    let state: TrainingState
    let directory: RunDirectory
    let classifierNames: [String]
    /// The names of the file's tensors that are ignored.
    let leftOut: [String]
    /// Notes about what was taken from the file without being asked for.
    let notes: [String]

    init(_ request: Request, _ precisions: PrecisionChoice) throws {
      var configuration = request.configuration
      directory =
        request.output.map(RunDirectory.init)
        ?? RunDirectory.free(
          command: "import", model: configuration.model.name, dataset: configuration.data.dataset.rawValue)
      try directory.checkIsFree()
      try directory.checkIsApart(from: configuration.data.path, configuration.data.splitFolders)
      configuration.compute.precision = try precisions.resolve(
        configuration.compute.precision, widths: configuration.groupWidths)
      let weights = try ForeignWeights(path: request.weights, request.layout, prefix: request.prefix)
      configuration.model.stem = configuration.model.stem ?? weights.stem
      weights.setHead(&configuration)
      notes = [
        Self.prefixNote(weights, request), Self.adoptNormalization(of: weights, &configuration),
        Self.adoptSize(of: weights, &configuration), Self.adoptScaling(of: weights, &configuration),
      ].compactMap { note in note }
      if let problem = request.layout.problem(configuration.architecture, isImport: true) {
        throw RunError(
          .data, "\(request.weights): its first convolution is \(configuration.model.stemText)'s: \(problem)")
      }
      let layout = try configuration.modelLayout
      try weights.check(
        layout.parameters.slices + layout.statistics.slices,
        model: "\(configuration.model.name) with the \(configuration.model.stemText) stem")
      let state = TrainingState(toFill: configuration, layout)
      try weights.fill(state)
      self.configuration = configuration
      self.state = state
      classifierNames = weights.classifierNames
      leftOut = weights.leftOut(layout.parameters.slices + layout.statistics.slices)
    }

    private static func prefixNote(_ weights: ForeignWeights, _ request: Request) -> String? {
      request.prefix == nil && !weights.prefix.isEmpty
        ? "\(request.weights): the model's tensors begin with \(weights.prefix), as --prefix \(weights.prefix.dropLast()) would say"
        : nil
    }

    /// Takes mean and standard deviation from the file's metadata if the user gave none.
    ///
    /// - Returns: A note that says so, that the dataset has others, or that a folder's own are taken; `nil` if they
    ///   were given, or are those of the dataset as far as is known.
    private static func adoptNormalization(
      of weights: ForeignWeights, _ configuration: inout Configuration
    ) -> String? {
      guard configuration.data.normalization == nil else { return nil }
      guard let (mean, deviation) = ImagePreprocessing.normalization(ofMetadata: weights.metadata) else {
        return configuration.data.dataset == .folder
          ? "\(weights.path): does not say with which mean and deviation it was trained, so those of the images in --data are taken; if it was trained with others, import it again with --mean and --std (ImageNet weights of torchvision: --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225)"
          : nil
      }
      let values = "--mean \(ImagePreprocessing.text(mean)) --std \(ImagePreprocessing.text(deviation))"
      guard configuration.data.dataset == .folder else {
        let own = CIFARDataset.Variant(rawValue: configuration.data.dataset.rawValue)?.normalization
        let isOwn = own.map { own in
          zip(own.mean + own.standardDeviation, mean + deviation).allSatisfy { one, other in abs(one - other) < 1e-3 }
        }
        return isOwn == false
          ? "\(weights.path): was trained with \(values), which --dataset \(configuration.data.dataset.rawValue) replaces by its own"
          : nil
      }
      (configuration.data.mean, configuration.data.standardDeviation) = (mean, deviation)
      return "\(values), as \(weights.path) says that it was trained with"
    }

    /// Takes the size of views from the file's metadata, for a folder of images and if the user gave none.
    ///
    /// - Returns: A note that says so; `nil` if the file has no size.
    private static func adoptSize(of weights: ForeignWeights, _ configuration: inout Configuration) -> String? {
      guard configuration.data.dataset == .folder, configuration.data.imageSize == nil,
        let side = ImagePreprocessing.side(ofMetadata: weights.metadata)
      else { return nil }
      configuration.data.imageSize = side
      return "--image-size \(side), as \(weights.path) says that it was trained with"
    }

    /// Scales representations to unit length, or does not, as the run did that the file says it comes from; files of
    /// other programs say nothing, and the layout decides.
    ///
    /// - Returns: A note where that differs from the layout; `nil` otherwise.
    private static func adoptScaling(of weights: ForeignWeights, _ configuration: inout Configuration) -> String? {
      guard let isScaling = weights.metadata[WeightLayout.normalizationMetadata].flatMap(Bool.init),
        isScaling != configuration.model.normalizeEncoder
      else { return nil }
      configuration.model.normalizeEncoder = isScaling
      return
        "\(isScaling ? "--normalize-encoder" : "--no-normalize-encoder"), as \(weights.path) says that it was trained"
    }

    func write(_ configuration: Configuration, _ request: Request, _ report: Reporter) throws {
      let directory = try request.output == nil ? self.directory.claimed() : self.directory
      try directory.create()
      let lock = try RunLock(directory: directory.path)
      defer { withExtendedLifetime(lock) {} }
      try directory.checkIsFree()
      try AtomicFile.write(configuration.withAbsolutePaths.yaml(), to: directory.configurationPath)
      try state.write(
        TrainingState.encoderPrefix, to: directory.encoderPath,
        metadata: ImagePreprocessing.metadata(configuration, run: directory.path, classNames: []))
      let summary: [String: JSONValue] = [
        "command": .text("import"), "command_line": .list(CommandLine.arguments.map(JSONValue.text)),
        "version": .text(supconVersion), "model": .text(configuration.model.name),
        "dataset": .text(configuration.data.dataset.rawValue),
        "precision": .text(configuration.compute.resolvedPrecision.rawValue),
        "weights": .text(request.weights),
        "layout": .text(request.layout.rawValue), "steps": .integer(state.step),
        "weights_sha256": .text(state.weightsSHA256()),
      ]
      try JSONValue.merge(summary, into: directory.summaryPath)
      try directory.checkpoints.save(
        Checkpoint(configuration: configuration, state: state), keep: configuration.checkpoints.keep)
      for note in notes { report.note(note) }
      if !classifierNames.isEmpty {
        report.note(
          "\(classifierNames.joined(separator: ", ")): left out; \(ClassifierFile.trainingCommand(run: directory.path)) trains a classifier"
        )
      }
      if !leftOut.isEmpty {
        report.note(
          "\(counted(leftOut.count, "tensor")) of \(request.weights) that the model has no place for \(leftOut.count == 1 ? "is" : "are") left out: "
            + leftOut.prefix(5).joined(separator: ", ") + (leftOut.count > 5 ? ", …" : ""))
      }
      let head = configuration.head.kind == .none ? "without projection head" : "with its projection head"
      report(
        "\(directory.path): \(configuration.model.name) with the \(configuration.model.stemText) stem, \(head), from \(request.weights); go on with supcon linear, evaluate or embed --run \(directory.path)"
      )
    }
  }
}
