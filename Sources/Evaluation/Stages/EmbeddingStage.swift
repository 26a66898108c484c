import Configuration
import Datasets
import Formats
import Job
import MPI
import NeuralNet
import OneDNN
import Runs
import WeightExchange

/// Writes the representations or embeddings of a dataset to a `.npy` file.
package enum EmbeddingStage {
  /// The options of the command.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights of the checkpoint: those of its step, or their moving average.
    package var weights = RunWeights.raw
    /// The output file of the array.
    package var output: String
    /// The output file of the labels; `nil` for none.
    package var labels: String?
    /// The folder of the dataset; `nil` for the run's.
    package var data: String?
    /// The split: `train` or `test`.
    package var split = Split.test
    /// `encoder` for representations, `model` for embeddings of unit length.
    package var part = WeightLayout.Part.encoder
    /// The precision of the encoder's products; `nil` for that of the run.
    package var precision: Precision?
    /// The number of threads of each rank.
    package var threads = 1

    /// The defaults for a run.
    package init(run: String, output: String) {
      self.run = run
      self.output = output
    }

    /// The error in the options themselves, or `nil`.
    package var problem: String? {
      Configuration.problem(ofThreads: threads)
    }
  }

  /// Computes the rows, in the order of the dataset, and writes them on rank 0.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    world.activity.begin("opening the run", allowsSilence: true)
    var encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
      report: report)
    if let problem = encoder.configuration.problem(ofPart: request.part) {
      throw CollectiveError(error: RunError(.usage, problem))
    }
    if let precision = request.precision {
      let choice = try PrecisionChoice(over: world)
      encoder.configuration.compute.precision = try world.throwingTogether { try choice.resolve(precision) }
    }
    let split = request.split
    let (configuration, state) = (encoder.configuration, encoder.state)
    let dataset = try open(split, of: configuration, over: world, report: report)
    try world.agreeOnSamples(of: dataset, configuration)
    let extraction = try encoder.extraction(for: dataset, threads: request.threads, over: world)
    let representations = try extraction.features(
      of: extraction.makeLoader(dataset, .none, seed: configuration.compute.seed), over: world)
    try dataset.reportReplaced(over: world, report: report)
    world.activity.begin("writing the rows", allowsSilence: true)
    try world.onRoot {
      let rows =
        request.part == .encoder
        ? representations : try embeddings(of: representations, configuration, state)
      try NumPyWriter.write(
        to: request.output, elementType: "<f4", shape: [dataset.count, rows.count / dataset.count]
      ) { (append) throws(FileError) in unsafe try append(rows.span.bytes) }
      if let path = request.labels {
        let labels = dataset.labels.map(Int64.init)
        try NumPyWriter.write(to: path, elementType: "<i8", shape: [labels.count]) { (append) throws(FileError) in
          unsafe try append(labels.span.bytes)
        }
      }
      report(
        "\(request.output): \(request.part == .encoder ? "representations" : "embeddings") [\(dataset.count), \(rows.count / dataset.count)] of the \(request.split.rawValue) samples, by \(configuration.model.name) after step \(state.step) in \(configuration.compute.resolvedPrecision.rawValue)"
      )
    }
  }

  /// Opens a split; where there is none, the message names the one that every dataset has.
  ///
  /// Collective.
  private static func open(
    _ split: Split, of configuration: Configuration, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> any ImageDataset {
    do {
      return try DatasetChoice.open(configuration, split, needsLabels: false, over: world, report: report)
    } catch let agreed as CollectiveError where split != .train && agreed.error.exitCode == .missing {
      throw CollectiveError(
        error: RunError(
          .missing, agreed.error.description, remedy: "for the training images give --split train"))
    }
  }

  /// Maps representations to embeddings: the projection head, then unit length.
  private static func embeddings(
    of representations: [Float], _ configuration: Configuration, _ state: TrainingState
  ) throws -> [Float] {
    var embeddings = try projections(of: representations, configuration, state)
    UnitNormalization.scale(&embeddings, width: configuration.widthOfEmbeddings)
    return embeddings
  }

  /// Maps representations to the outputs of the projection head.
  static func projections(
    of representations: [Float], _ configuration: Configuration, _ state: TrainingState
  ) throws -> [Float] {
    // The head's slices follow the encoder's in the vectors; they do not depend on the image size.
    let context = try NetworkContext(Engine(), mode: .inference, precision: configuration.compute.resolvedPrecision)
    let encoder = try ResNet(context, configuration.architecture, views: 1, height: 32, width: 32)
    let head = ProjectionHead(context, configuration.headPlan, inputWidth: encoder.representationWidth)
    precondition(
      state.parameterLayout.slices.starts(with: context.parameters.slices), "encoder and head are not the run's")
    return try head.projections(
      of: representations, parameters: state.parameters.span, statistics: state.statistics.span)
  }
}
