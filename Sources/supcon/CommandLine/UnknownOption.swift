import ArgumentParser
import Configuration
import Spelling

/// Suggestions by meaning for an unknown option, such as `--lr`, or for a value that is not allowed.
///
/// The argument parser itself suggests only names with similar spelling.
enum UnknownOption {
  /// Returns `message` with the option or value that was probably meant; `nil` if the message is about another error.
  static func message(_ message: String, for arguments: [String]) -> String? {
    let usage = message.split(separator: "\n").dropFirst().filter { line in !line.hasPrefix("Help:") }
    let rest = usage.isEmpty ? "" : "\n" + usage.joined(separator: "\n")
    return (option(message, arguments) ?? value(message) ?? valueOfResume(message, arguments)).map { answer in
      answer + rest
    }
  }

  /// Returns the answer to `--resume RUN`, as an option with a value would be written.
  private static func valueOfResume(_ message: String, _ arguments: [String]) -> String? {
    guard message.contains("nexpected argument"), let place = arguments.firstIndex(of: "--resume"),
      place + 1 < arguments.count, message.contains("'\(arguments[place + 1])'")
    else { return nil }
    return
      "Error: --resume \(arguments[place + 1]): takes no value; name the run with --output, or leave it out for the newest unfinished run"
  }

  private static func option(_ message: String, _ arguments: [String]) -> String? {
    let command: any ParsableCommand.Type = Supcon.command(of: arguments) ?? Supcon.self
    let offered = Supcon.options(of: command)
    let named = message.firstMatch(of: /Unknown option '(-{1,2}[A-Za-z][A-Za-z0-9_-]*)'/).map { match in
      String(match.output.1)
    }
    // The argument parser may report a mistyped option as the absence of the right one.
    let isMissing = message.contains("Missing expected argument")
    guard let option = named ?? (isMissing ? Self.unknown(arguments, offered) : nil) else { return nil }
    let name = String(option.drop { letter in letter == "-" })
    if let advice = PeerNames.advice(name), offered.contains(advice.option) {
      return "Error: Unknown option '\(option)'; give \(advice.text)"
    }
    if name == "dataset", offered.contains("transfer-dataset") {
      return
        "Error: \(Self.name(of: command)) has no --dataset, as a run knows its own; for another give --transfer-dataset and --transfer-data"
    }
    let peer = PeerNames.options(name).first(where: offered.contains)
    if peer == nil, let owner = owner(of: name) {
      return "Error: \(Self.name(of: command)) has no --\(name); \(owner) has"
    }
    let meant = peer ?? offered.nearest(to: name.lowercased(), within: (name.count + 2) / 3)
    let hint =
      PeerNames.namesGPU(name)
      ? "; supcon computes on CPUs: leave it out, and use more cores with --threads or mpirun -np"
      : meant.map { meant in "; did you mean '--\(meant)'?" } ?? ""
    return "Error: Unknown option '\(option)'\(hint)"
  }

  /// Returns the first command, in the order of the help, that has an option; `nil` if none has.
  private static func owner(of name: String) -> String? {
    Supcon.commands.first { command in Supcon.options(of: command).contains(name) }.map(Self.name)
  }

  private static func name(of command: any ParsableCommand.Type) -> String {
    command == Supcon.self ? "supcon" : Supcon.name(of: command)
  }

  /// Returns the first option among the arguments that a command does not have.
  private static func unknown(_ arguments: [String], _ offered: [String]) -> String? {
    arguments.prefix { argument in argument != "--" }.first { argument in
      let name = argument.dropFirst(2).prefix { letter in letter != "=" }
      return argument.hasPrefix("--") && !offered.contains(String(name))
    }.map { argument in String(argument.prefix { letter in letter != "=" }) }
  }

  private static func value(_ message: String) -> String? {
    guard
      let match = message.firstMatch(of: /The value '(.*)' is invalid for '(--[a-z0-9-]+)[^']*'\. Please provide (.*)/)
    else { return nil }
    let choices = match.output.3.matches(of: /'([^']+)'/).map { choice in String(choice.output.1) }
    let given = String(match.output.1)
    let meant =
      PeerNames.value(given).flatMap { name in choices.contains(name) ? name : nil }
      ?? choices.nearest(to: given.lowercased())
    return "Error: \(match.output.2) \(given): expected one of \(choices.joined(separator: ", "))"
      + (meant.map { meant in "; did you mean '\(meant)'?" } ?? "")
  }
}

extension Supcon {
  /// All commands that have options of their own, in the order of the help; `dataset` is replaced by its subcommands.
  static var commands: [any ParsableCommand.Type] {
    configuration.subcommands.flatMap { command in
      command.configuration.subcommands.isEmpty ? [command] : command.configuration.subcommands
    }
  }

  /// Returns the subcommand with which the arguments begin, or `nil`.
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

  /// Returns a subcommand with the words before it, such as `supcon dataset pack`.
  static func name(of command: any ParsableCommand.Type) -> String {
    usageString(for: command).split(separator: " ").prefix { word in
      word.allSatisfy { letter in letter.isLetter }
    }.joined(separator: " ")
  }

  /// Returns the names of a subcommand's options, from its help.
  static func options(of command: any ParsableCommand.Type) -> [String] {
    helpMessage(for: command, includeHidden: true).split(separator: "\n").filter { line in line.hasPrefix("  -") }
      .flatMap { line in line.prefix { letter in letter != "<" }.matches(of: /--([a-z0-9][a-z0-9-]*)/) }
      .map { match in String(match.output.1) }
  }
}
