import ArgumentParser
import Configuration
import Formats

/// A subcommand whose options may also come from a recipe (options of a published result) and a configuration file.
protocol ConfiguredCommand: RankedCommand {
  /// The training command whose recipes the subcommand accepts.
  static var command: TrainingCommand { get }

  /// The options of the training run.
  var configuration: ConfigurationOptions { get }
}

extension ConfiguredCommand {
  static var command: TrainingCommand { .pretrain }

  var threadsPerRank: Int { configuration.threadsPerRank }

  /// The error in the recipe's name or in the configuration file, or `nil`.
  var configurationProblem: RunError? { configuration.configurationProblem(of: Self.command) }
}

/// The configuration file of `--config`, which is read once, when the command line is parsed.
struct ConfigurationArgument: ExpressibleByArgument {
  let path: String
  /// The folder that contains the file.
  var folder: String { path.parentFolder }
  /// The options in the file, or the error in it.
  let contents: Result<ConfigurationOverrides, RunError>

  init?(argument: String) {
    path = argument
    contents = Result { () throws(RunError) in try ConfigurationFile.read(argument) }
  }
}
