import ArgumentParser
import Configuration

/// A subcommand whose options may come from a recipe and a file.
protocol ConfiguredCommand: RankedCommand {
  /// The training command whose recipes it accepts.
  static var command: TrainingCommand { get }

  /// The options of the training run.
  var configuration: ConfigurationOptions { get }
}

extension ConfiguredCommand {
  static var command: TrainingCommand { .pretrain }

  var threadsPerRank: Int { configuration.threadsPerRank }

  /// The error in the recipe's name or in the file, or `nil`.
  var configurationProblem: RunError? { configuration.configurationProblem(of: Self.command) }
}

/// The file of `--config`, read where its name is parsed: once, before anything else happens.
struct ConfigurationArgument: ExpressibleByArgument {
  let path: String
  /// The folder of the file.
  var folder: String { path.lastIndex(of: "/").map { slash in "\(path[...slash])" } ?? "." }
  /// The options of the file, or the error in it.
  let contents: Result<ConfigurationOverrides, RunError>

  init?(argument: String) {
    path = argument
    contents = Result { () throws(RunError) in try ConfigurationFile.read(argument) }
  }
}
