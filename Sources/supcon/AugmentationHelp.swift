import Imaging

/// What `--augmentation help` prints.
enum AugmentationHelp {
  private static let subcommands =
    [PretrainCommand.self, LinearCommand.self, BenchCommand.self] as [any RankedCommand.Type]

  /// The list of all augmentations if the arguments ask for it, whatever else they say.
  static func text(for arguments: [String]) -> String? {
    guard let first = arguments.first,
      subcommands.contains(where: { subcommand in subcommand.configuration.commandName == first })
    else { return nil }
    let pairs = zip(arguments, arguments.dropFirst())
    let isAsked =
      arguments.contains("--augmentation=help") || pairs.contains { pair in pair == ("--augmentation", "help") }
    return isAsked ? Augmentation.help() : nil
  }
}
