import Configuration
import Datasets
import ImageCodecs
import MPI
import Runs

/// A resolved configuration and its opened training set, for commands that do not need a run directory.
package struct OpenedConfiguration {
  /// The resolved configuration, the same on every rank.
  package let configuration: Configuration
  /// The training set.
  package let dataset: any ImageDataset

  /// The height and width of views at the end of training.
  package var viewSize: ImageSize { configuration.viewSize(of: dataset) }

  /// Resolves the options and opens the training set.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the faulty option or file.
  package init(
    _ overrides: ConfigurationOverrides, over world: borrowing Communicator, report: Reporter
  ) throws {
    let precisions = try PrecisionChoice(over: world)
    var configuration = try Configuration.agreed(over: world) {
      var configuration = try overrides.configuration(of: .pretrain)
      configuration.compute.precision = try precisions.resolve(
        configuration.compute.precision, widths: configuration.groupWidths)
      return configuration
    }
    dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    configuration.resolveStem(for: configuration.viewSize(of: dataset))
    configuration.resolveDefaults(for: dataset, given: overrides, report: report)
    let resolved = configuration
    let viewSize = resolved.viewSize(of: dataset)
    // A run would be refused too.
    try world.onRoot {
      if let problem = resolved.progressiveSizeProblem(viewSize: viewSize) { throw problem }
      _ = try InitialEncoder(of: resolved, report: report)
    }
    self.configuration = configuration
  }
}

extension ConfigurationOverrides {
  /// Returns the resolved configuration of a command; with `--init RUN`, encoder and dataset are those of that run.
  ///
  /// Called on rank 0 only, because it reads that run's files.
  ///
  /// - Throws: ``RunError`` if there is no such run.
  package func configuration(of command: TrainingCommand) throws -> Configuration {
    var configuration = applied(to: command.defaults)
    if let source = source(of: "data"), let path = configuration.data.path {
      configuration.data.path = try DataLocation.found(path, of: source, folder: folder ?? ".")
    }
    guard var run = try InitialEncoder.configuration(of: configuration), let path = configuration.model.initialPath
    else { return configuration }
    // The run determines the encoder, and the dataset unless another one is given.
    let base = command.defaults.with(encoderOf: run)
    guard !gives(\.data.dataset) else {
      var own = applied(to: base)
      own.data.path = configuration.data.path
      if own.data.dataset == .folder, !gives(\.data.imageSize) {
        // The size that the encoder knows: CIFAR's and the built-in images have 32 pixels.
        own.data.imageSize = run.data.imageSize ?? (run.data.dataset == .folder ? nil : 32)
      }
      return own
    }
    guard gives(\.data.path) else {
      try run.locateData(ofRun: path)
      return applied(to: base.with(datasetOf: run))
    }
    var own = applied(to: base.with(datasetOf: run))
    own.data.path = configuration.data.path
    return own
  }
}
