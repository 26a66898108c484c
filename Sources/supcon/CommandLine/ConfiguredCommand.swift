import ArgumentParser
import Configuration

/// A subcommand whose options may come from a recipe and a file.
protocol ConfiguredCommand: RankedCommand {
  /// The commands whose recipes it takes.
  static var command: TrainingCommand { get }

  /// What is to be trained.
  var configuration: ConfigurationOptions { get }
}

extension ConfiguredCommand {
  static var command: TrainingCommand { .pretrain }

  var threadsPerRank: Int { configuration.threadsPerRank }

  /// What is wrong with the recipe's name or the file, or `nil`.
  var configurationProblem: RunError? { configuration.configurationProblem(of: Self.command) }
}

/// The file of `--config`, read where its name is parsed: once, before anything else happens.
struct ConfigurationArgument: ExpressibleByArgument {
  /// Its options, or what is wrong with it.
  let contents: Result<ConfigurationOverrides, RunError>

  init?(argument: String) {
    contents = Result { () throws(RunError) in try ConfigurationFile.read(argument) }
  }
}
