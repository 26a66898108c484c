import Spelling

/// The error message for an unknown subcommand, with a suggestion; the argument parser itself suggests options only.
enum SubcommandSuggestion {
  /// The subcommands that correspond to words of other programs, such as `pretrain` for `train`.
  private static let meanings = [
    "fit": "pretrain", "train": "pretrain", "finetune": "supervised", "probe": "linear", "test": "evaluate",
    "validate": "evaluate", "knn": "evaluate", "infer": "predict", "inference": "predict", "classify": "predict",
    "features": "embed", "extract": "embed", "plot": "report", "convert": "export", "onnx": "export",
    "preflight": "doctor", "info": "dataset info", "verify": "dataset verify", "preview": "dataset preview",
    "pack": "dataset pack", "synthesize": "dataset synthesize",
  ]

  /// Returns a sentence with the most similar subcommand; `nil` if the first arguments are subcommands or options.
  static func message(for arguments: [String]) -> String? {
    func names(_ parent: [String]) -> [String] {
      let commands =
        parent.isEmpty ? Supcon.configuration.subcommands : Supcon.command(of: parent)?.configuration.subcommands
      return (commands ?? []).compactMap { command in command.configuration.commandName }
    }
    if let word = arguments.first, ["-v", "-V", "version"].contains(word) {
      return
        "Error: \(word == "version" ? "unknown subcommand" : "unknown option") '\(word)'; did you mean 'supcon --version'?"
    }
    for depth in 0..<min(arguments.count, 2) {
      let (parent, word) = (Array(arguments[..<depth]), arguments[depth])
      let subcommands = names(parent)
      guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      guard !subcommands.contains(word) else { continue }
      let meant = parent.isEmpty ? meanings[word.lowercased()] : nil
      let suggestion = (meant ?? subcommands.nearest(to: word, within: (word.count + 2) / 3)).map { name in
        "did you mean '\((parent + [name]).joined(separator: " "))'? "
      }
      return
        "Error: unknown subcommand '\((parent + [word]).joined(separator: " "))': \(suggestion ?? "")expected one of \(subcommands.joined(separator: ", "))"
    }
    return nil
  }
}
