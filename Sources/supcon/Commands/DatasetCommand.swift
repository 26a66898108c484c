import ArgumentParser
import Configuration
import Job

/// The command `supcon dataset`, whose subcommands inspect and create datasets.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Looks at datasets: info, verify, preview; makes them: pack, synthesize.",
    subcommands: [
      DatasetInfoCommand.self, DatasetVerifyCommand.self, DatasetPackCommand.self, DatasetPreviewCommand.self,
      DatasetSynthesizeCommand.self,
    ])
}

/// The options that select the dataset.
struct DatasetOptions: ParsableArguments {
  @Option(help: "The dataset: shapes (built in), cifar10, cifar100, folder (image files, a list or a pack).")
  var dataset = "folder"
  @Option(
    help: ArgumentHelp(
      "DIR/train/CLASS/** and DIR/val|validation|test/CLASS/**, or DIR/CLASS/**, a list (CSV, TSV), a pack, or CIFAR's binary files.",
      valueName: "dir"), completion: .directory)
  var data: String?
  @OptionGroup var splits: SplitOptions
  @OptionGroup var levels: SixteenBitOptions
  @Option(help: "Threads of each rank. (default: the cores of this machine, shared by the ranks)")
  var threads: Int?

  /// The options that the user gave.
  var overrides: ConfigurationOverrides {
    var overrides = splits.given.overridden(by: levels.given)
    overrides.give(dataset, for: "dataset")
    overrides.set(\.data.path, to: data)
    return overrides
  }

  /// The dataset that the options select.
  var request: DatasetRequest { DatasetRequest(overrides: overrides, threads: threads) }
}
