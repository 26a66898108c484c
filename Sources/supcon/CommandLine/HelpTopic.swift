import Configuration
import Imaging
import Spelling

/// The answer to `supcon help TOPIC` where the topic is not a command: an option, a list, or an unknown word.
struct HelpTopic {
  let exitStatus: ExitStatus
  let text: String

  /// `nil` if the arguments ask for something else, or for a command that the parser itself explains.
  init?(_ arguments: [String]) {
    guard arguments.first == "help", let topic = arguments.dropFirst().first, !topic.hasPrefix("-") || topic.count > 2
    else { return nil }
    let name = String(topic.drop { letter in letter == "-" })
    if Supcon.command(of: Array(arguments.dropFirst())) != nil {
      return nil
    }
    let option = ConfigurationOption.named(name).flatMap { option in option.isOnCommandLine ? option : nil }
    if name == "augmentation" || name == "augmentations" {
      (exitStatus, text) = (.success, Augmentation.help())
    } else if name == "recipes" {
      (exitStatus, text) = (.success, NamedRecipe.list())
    } else if let option {
      (exitStatus, text) = (.success, "--\(option.name)  \(option.help)")
    } else {
      let commands = Supcon.configuration.subcommands.compactMap { command in command.configuration.commandName }
      let topics = commands + ["augmentations", "recipes"] + ConfigurationOption.all.map(\.name)
      let meant = PeerNames.option(name) ?? topics.nearest(to: name)
      exitStatus = .usage
      text =
        "Error: no help on '\(topic)': "
        + (meant.map { meant in "did you mean '\(meant)'? " } ?? "")
        + "expected a command (\(commands.joined(separator: ", "))), an option, augmentations or recipes"
    }
  }
}
