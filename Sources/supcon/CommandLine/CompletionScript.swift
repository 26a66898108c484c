import ArgumentParser

/// The shell completion scripts: those of the argument parser, with the words that can follow `supcon help` added.
enum CompletionScript {
  private static let option = "--generate-completion-script"

  /// Returns the script that the arguments request; `nil` if they request none, or the script of an unknown shell.
  static func text(for arguments: [String]) -> String? {
    guard arguments.count == 2, arguments[0] == option, let shell = CompletionShell(rawValue: arguments[1]) else {
      return nil
    }
    let commands = Supcon.configuration.subcommands.compactMap { command in command.configuration.commandName }
    return completed(Supcon.completionScript(for: shell), shell, words: commands + HelpTopic.names)
  }

  private static func completed(_ script: String, _ shell: CompletionShell, words: [String]) -> String {
    let list = words.joined(separator: " ")
    switch shell {
    case .bash:
      // The function of the command is the last place where nothing but options are offered, under its name.
      guard let start = script.place(of: "_supcon_help() {"),
        let end = script.place(of: "__supcon_offer_flags_options -1\n", from: start.upperBound)
      else { return script }
      return script[..<end.upperBound] + "    __supcon_add_completions -W '\(words.joined(separator: "'$'\\n''"))'\n"
        + script[end.upperBound...]
    case .zsh:
      return script.replacing("'*:subcommands:'", with: "'*:topic:(\(list))'")
    case .fish:
      return script + "complete -c 'supcon' -n '__fish_seen_subcommand_from help' -fka '\(list)'\n"
    default: return script
    }
  }
}

extension String {
  /// Returns the range of the first occurrence of `text`, at or after the index `start`; `nil` if there is none.
  fileprivate func place(of text: String, from start: Index? = nil) -> Range<Index>? {
    self[(start ?? startIndex)...].firstRange(of: text)
  }
}
