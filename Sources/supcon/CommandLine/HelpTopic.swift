import Configuration
import Imaging
import Spelling

/// The text of `supcon help TOPIC` for a topic that is not a command: an option of any command, a list, or an unknown
/// word.
struct HelpTopic {
  let exitStatus: ExitStatus
  let text: String

  /// Finds the topic that the arguments ask for; `nil` if they do not ask for help, or ask for help on a command, which
  /// the argument parser prints.
  init?(_ arguments: [String]) {
    guard arguments.first == "help", let topic = arguments.dropFirst().first, !topic.hasPrefix("-") || topic.count > 2
    else { return nil }
    let name = String(topic.drop { letter in letter == "-" })
    if Supcon.command(of: Array(arguments.dropFirst())) != nil {
      return nil
    }
    let option = ConfigurationOption.named(name).flatMap { option in option.isOnCommandLine ? option : nil }
    if name == "topics" || name == "topic" {
      (exitStatus, text) = (.success, Self.list)
    } else if let topic = Self.topics.first(where: { topic in topic.names.contains(name) }) {
      (exitStatus, text) = (.success, topic.text())
    } else if let option {
      (exitStatus, text) = (.success, "--\(option.name)  \(option.help)")
    } else if let explained = OptionTopic.text(name) {
      (exitStatus, text) = (.success, explained)
    } else {
      let commands = Supcon.configuration.subcommands.compactMap { command in command.configuration.commandName }
      let topics = Self.names
      let meant = PeerNames.option(name) ?? (commands + topics + OptionTopic.names).nearest(to: name)
      exitStatus = .usage
      text =
        "Error: no help on '\(topic)': "
        + (meant.map { meant in "did you mean '\(meant)'? " } ?? "")
        + "expected a command (\(commands.joined(separator: ", "))), an option, or one of \(topics.joined(separator: ", "))"
    }
  }

  /// The topics that are neither commands nor options: their names, a line on each, and their texts.
  private static let topics: [(names: [String], title: String, text: @Sendable () -> String)] = [
    (["augmentation", "augmentations"], "presets and operations of --augmentation", { Augmentation.help() }),
    (["losses"], "the formulas of --loss, and their options", { LossTopic.text }),
    (["excess"], "the number beside the loss: its distance from the lower bound", { LossTopic.excess }),
    (["recipes"], "the published recipes of --recipe", { NamedRecipe.list() }),
    (["exit-codes", "exit-code", "exit"], "what each exit code says", { exitCodes }),
    (["environment", "variables"], "the environment variables that are read", { EnvironmentTopic.text }),
  ]

  /// The names of all topics, and `topics`, which lists them.
  static let names = topics.compactMap(\.names.first) + ["topics"]

  private static var list: String {
    let width = topics.map(\.names[0].count).max() ?? 0
    let lines = topics.map { topic in
      "  \(topic.names[0])\(String(repeating: " ", count: width - topic.names[0].count))  \(topic.title)"
    }
    return "supcon help takes a command, an option of any command without its dashes, or one of\n"
      + lines.joined(separator: "\n")
  }

  private static var exitCodes: String {
    let lines = ExitStatus.allCases.map { status in
      "  \(status.rawValue)\(status == .success ? " " : "")  \(status.meaning)"
    }
    return "Every rank ends with the same code:\n" + lines.joined(separator: "\n")
  }
}
