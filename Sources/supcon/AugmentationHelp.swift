import Imaging

/// What `--augmentation help` prints.
enum AugmentationHelp {
  private static let subcommands =
    [PretrainCommand.self, LinearCommand.self, BenchCommand.self, DatasetPreviewCommand.self]
    as [any RankedCommand.Type]

  /// The list of all augmentations if the arguments ask for it, whatever else they say.
  static func text(for arguments: [String]) -> String? {
    // A subcommand of `dataset` comes second.
    let name = arguments.first == "dataset" ? arguments.dropFirst().first : arguments.first
    guard subcommands.contains(where: { subcommand in subcommand.configuration.commandName == name }) else {
      return nil
    }
    let pairs = zip(arguments, arguments.dropFirst())
    let isAsked =
      arguments.contains("--augmentation=help") || pairs.contains { pair in pair == ("--augmentation", "help") }
    return isAsked ? Augmentation.help() : nil
  }
}
