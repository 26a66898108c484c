import Spelling

/// The refusal of a first argument that is not a subcommand: the parser itself suggests options only.
enum SubcommandSuggestion {
  /// A sentence that names the nearest subcommand, or `nil` if the first argument is one or is an option.
  static func message(for arguments: [String], subcommands: [String]) -> String? {
    guard let first = arguments.first, !first.hasPrefix("-"), !(subcommands + ["help"]).contains(first) else {
      return nil
    }
    let suggestion = subcommands.nearest(to: first).map { name in "did you mean '\(name)'? " }
    return
      "Error: unknown subcommand '\(first)': \(suggestion ?? "")expected one of \(subcommands.joined(separator: ", "))"
  }
}
