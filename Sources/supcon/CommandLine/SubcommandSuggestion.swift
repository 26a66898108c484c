import Spelling

/// The error message for an unknown subcommand, with a suggestion; the argument parser itself suggests options only.
enum SubcommandSuggestion {
  /// Returns an error message with the most similar subcommand; `nil` if the first arguments are subcommands or options.
  static func message(for arguments: [String]) -> String? {
    func names(_ parent: [String]) -> [String] {
      let commands =
        parent.isEmpty ? Supcon.configuration.subcommands : Supcon.command(of: parent)?.configuration.subcommands
      return (commands ?? []).compactMap { command in command.configuration.commandName }
    }
    for depth in 0..<min(arguments.count, 2) {
      let (parent, word) = (Array(arguments[..<depth]), arguments[depth])
      let subcommands = names(parent)
      guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      guard !subcommands.contains(word) else { continue }
      let suggestion = subcommands.nearest(to: word).map { name in
        "did you mean '\((parent + [name]).joined(separator: " "))'? "
      }
      return
        "Error: unknown subcommand '\((parent + [word]).joined(separator: " "))': \(suggestion ?? "")expected one of \(subcommands.joined(separator: ", "))"
    }
    return nil
  }
}
