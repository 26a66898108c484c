import ArgumentParser

/// The text of `supcon help OPTION` for options outside the table of options, taken from the help of each command.
enum OptionTopic {
  /// The names of all options of all commands, without their dashes.
  static var names: [String] { Array(Set(Supcon.commands.flatMap { command in Supcon.options(of: command) })).sorted() }

  /// Returns the explanations of an option, each with the commands that have it; `nil` if no command has it.
  static func text(_ name: String) -> String? {
    var found: [(text: String, commands: [String])] = []
    for command in Supcon.commands {
      guard let text = entry(name, of: command) else { continue }
      if let index = found.firstIndex(where: { other in other.text == text }) {
        found[index].commands.append(Supcon.name(of: command))
      } else {
        found.append((text, [Supcon.name(of: command)]))
      }
    }
    guard !found.isEmpty else { return nil }
    return found.map { text, commands in
      let owners = commands.count == Supcon.commands.count ? "every command" : commands.joined(separator: ", ")
      return "\(text)\n    \(owners)"
    }.joined(separator: "\n")
  }

  /// Returns an option with its explanation from a command's help, without line breaks.
  private static func entry(_ name: String, of command: any ParsableCommand.Type) -> String? {
    let lines = Supcon.helpMessage(for: command, columns: 10_000).split(separator: "\n")
    for (index, line) in lines.enumerated() where line.hasPrefix("  -") {
      let parts = line.dropFirst(2).split(separator: "  ", maxSplits: 1).map(String.init)
      guard parts[0].matches(of: /--([a-z0-9][a-z0-9-]*)/).contains(where: { match in match.output.1 == name }) else {
        continue
      }
      // The explanation of a long name stands on the next line.
      let explanation = parts.count > 1 ? parts[1] : index + 1 < lines.count ? String(lines[index + 1]) : ""
      return "\(parts[0])  \(explanation.drop(while: \.isWhitespace))"
    }
    return nil
  }
}
