import Configuration
import Datasets
import Imaging
import MPI
import Runs

/// What is looked at without a run: options, resolved as a run's are, and the training set that they name.
package struct OpenedConfiguration {
  /// The options as resolved, the same on every rank.
  package let configuration: Configuration
  /// What would be trained on.
  package let dataset: any ImageDataset

  /// The size of views.
  package var viewSize: ImageSize { configuration.viewSize(of: dataset) }

  /// Resolves the options and opens the training set.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` naming what cannot be.
  package init(
    _ overrides: ConfigurationOverrides, over world: borrowing Communicator, report: @escaping (String) -> Void
  )
    throws
  {
    let precisions = try PrecisionChoice(over: world)
    let text = try world.onRoot {
      var configuration = try overrides.configuration(of: .pretrain)
      configuration.precision = try precisions.resolve(
        configuration.precision, widths: configuration.groupWidths
      ).rawValue
      return configuration.yaml()
    }
    var configuration = try Configuration(
      yaml: try world.broadcast(text: text ?? ""), path: "the configuration from rank 0")
    dataset = try DatasetChoice.openTraining(&configuration, over: world, report: report)
    configuration.resolveStem(for: configuration.viewSize(of: dataset))
    self.configuration = configuration
  }
}

extension ConfigurationOverrides {
  /// What the given options mean to a command, with encoder and dataset of the run that `--init` names.
  ///
  /// Used by rank 0 alone, as it reads that run's files.
  ///
  /// - Throws: ``RunError`` if there is no such run.
  package func configuration(of command: TrainingCommand) throws -> Configuration {
    let configuration = applied(to: command.defaults)
    guard let run = try InitialEncoder.configuration(of: configuration) else { return configuration }
    // A run says how its encoder is built, and on what it goes on learning unless something else is given.
    let base = command.defaults.with(encoderOf: run)
    return applied(to: gives(.dataset) ? base : base.with(datasetOf: run))
  }
}
