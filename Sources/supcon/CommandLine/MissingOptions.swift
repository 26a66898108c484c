import ArgumentParser

/// The error message for missing required options, which names all of them; the argument parser names only the first.
enum MissingOptions {
  /// Returns a sentence that names every missing option and shows an example, or `nil` if `message` is about something
  /// else.
  ///
  /// - Parameters:
  ///   - message: The parser's message.
  ///   - arguments: The arguments of the command line.
  /// - Returns: The sentence and the usage.
  static func message(_ message: String, for arguments: [String]) -> String? {
    guard message.contains("Missing expected argument '--"), let command = Supcon.command(of: arguments) else {
      return nil
    }
    let missing = required(by: command).filter { option in
      !arguments.contains { argument in argument == option.name || argument.hasPrefix(option.name + "=") }
    }
    guard !missing.isEmpty else { return nil }
    // With something in their place, the command's own check finds what else is missing, such as the run.
    let completed = arguments + missing.flatMap { option in [option.name, option.example] }
    let rest = (try? Supcon.parseAsRoot(completed) as? any RankedCommand)?.problem(ranks: 1).flatMap { problem in
      missing.contains { option in problem.hasPrefix(option.name) } ? nil : problem
    }
    let names = missing.map { option in "\(option.name) \(option.value)" }
    let example = command.configuration.discussion.split(separator: "\n").first { line in line.hasPrefix("Example") }
    return "Error: missing \(names.joined(separator: ", "))" + (rest.map { rest in "; \(rest)" } ?? "")
      + (example.map { example in "\n\(example)" } ?? "")
      + "\n  See '\(Supcon.name(of: command)) --help' for more information."
  }

  /// Returns the options outside of brackets in a command's usage, such as `--weights <file>`.
  private static func required(by command: any ParsableCommand.Type) -> [RequiredOption] {
    Supcon.usageString(for: command).replacing(/\[[^\[\]]*\]/, with: "").matches(of: /(--[a-z0-9-]+) (<[^>]*>)/).map {
      match in RequiredOption(name: String(match.output.1), value: String(match.output.2))
    }
  }
}

/// A required option of a command.
struct RequiredOption: Sendable {
  /// The option's name with its dashes.
  let name: String
  /// The placeholder of the option's value, in angle brackets.
  let value: String
  /// An example of a value.
  var example = "value"
}
