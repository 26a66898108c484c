import Configuration
import Imaging
import Spelling

/// The text of `supcon help TOPIC` for a topic that is not a command: an option, a list, or an unknown word.
struct HelpTopic {
  let exitStatus: ExitStatus
  let text: String

  /// Finds the topic; `nil` if the arguments do not ask for help, or for a command, which the argument parser explains
  /// itself.
  init?(_ arguments: [String]) {
    guard arguments.first == "help", let topic = arguments.dropFirst().first, !topic.hasPrefix("-") || topic.count > 2
    else { return nil }
    let name = String(topic.drop { letter in letter == "-" })
    if Supcon.command(of: Array(arguments.dropFirst())) != nil {
      return nil
    }
    let option = ConfigurationOption.named(name).flatMap { option in option.isOnCommandLine ? option : nil }
    if let topic = Self.topics.first(where: { topic in topic.names.contains(name) }) {
      (exitStatus, text) = (.success, topic.text())
    } else if let option {
      (exitStatus, text) = (.success, "--\(option.name)  \(option.help)")
    } else {
      let commands = Supcon.configuration.subcommands.compactMap { command in command.configuration.commandName }
      let topics = Self.topics.compactMap(\.names.first)
      let meant = PeerNames.option(name) ?? (commands + topics + ConfigurationOption.all.map(\.name)).nearest(to: name)
      exitStatus = .usage
      text =
        "Error: no help on '\(topic)': "
        + (meant.map { meant in "did you mean '\(meant)'? " } ?? "")
        + "expected a command (\(commands.joined(separator: ", "))), an option, or one of \(topics.joined(separator: ", "))"
    }
  }

  /// The topics that are neither commands nor options, by name.
  private static let topics: [(names: [String], text: @Sendable () -> String)] = [
    (["augmentation", "augmentations"], { Augmentation.help() }),
    (["losses"], { LossTopic.text }),
    (["recipes"], { NamedRecipe.list() }),
    (["exit-codes", "exit-code", "exit"], { exitCodes }),
    (["environment", "variables"], { EnvironmentTopic.text }),
  ]

  private static var exitCodes: String {
    let lines = ExitStatus.allCases.map { status in
      "  \(status.rawValue)\(status == .success ? " " : "")  \(status.meaning)"
    }
    return "Every rank ends with the same code:\n" + lines.joined(separator: "\n")
  }
}
