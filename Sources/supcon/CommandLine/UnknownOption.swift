import ArgumentParser
import Configuration

/// The answer to an option of another program, such as `--lr`: the parser itself knows names that are spelled alike only.
enum UnknownOption {
  /// `message` with the option that is meant, or `nil` if it is about something else.
  static func message(_ message: String, for arguments: [String]) -> String? {
    guard let match = message.firstMatch(of: /Unknown option '(-{1,2}([A-Za-z][A-Za-z0-9_-]*))'/),
      let meant = PeerNames.option(String(match.output.2)),
      let command = Supcon.command(of: arguments),
      Supcon.helpMessage(for: command).contains("--\(meant) ")
    else { return nil }
    let usage = message.split(separator: "\n").dropFirst().joined(separator: "\n")
    return "Error: Unknown option '\(match.output.1)'; did you mean '--\(meant)'?" + (usage.isEmpty ? "" : "\n\(usage)")
  }
}

extension Supcon {
  /// The subcommand that arguments begin with, or `nil`.
  static func command(of arguments: [String]) -> (any ParsableCommand.Type)? {
    var found: (any ParsableCommand.Type)?
    var candidates = configuration.subcommands
    for argument in arguments {
      guard let next = candidates.first(where: { command in command.configuration.commandName == argument }) else {
        break
      }
      found = next
      candidates = next.configuration.subcommands
    }
    return found
  }
}
