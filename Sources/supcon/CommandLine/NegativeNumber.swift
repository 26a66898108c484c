import ArgumentParser
import Configuration

/// The check for negative numbers, which the argument parser would take for an option and report as a missing value.
enum NegativeNumber {
  /// The options that accept negative numbers.
  private static let negativeOptions: Set<String> = ["--ignore-label"]

  /// Returns an error message that names the option and the number; `nil` if there is no negative number.
  static func message(for arguments: [String]) -> String? {
    for index in arguments.indices.dropLast() {
      let (name, value) = (arguments[index], arguments[index + 1])
      guard name.hasPrefix("--"), !negativeOptions.contains(name), !name.contains("="), isNegative(value) else {
        continue
      }
      var joined = arguments
      joined.replaceSubrange(index...index + 1, with: ["\(name)=\(value)"])
      let option = ConfigurationOption.named(String(name.dropFirst(2)))
      let answer =
        refusal(of: name, value, in: joined) ?? option.flatMap { option in option.refusal(of: value)?.description }
        ?? (Double(value) == nil ? nil : "\(name) \(value): expected a number of at least 0")
      if let answer { return "Error: \(answer)" }
    }
    return nil
  }

  /// Returns true for a text that begins as negative numbers do, such as `-1`, `-.5`, `-1,0,0`, `-2h` or `-inf`.
  private static func isNegative(_ text: String) -> Bool {
    text.hasPrefix("-") && (Double(text) != nil || text.prefixMatch(of: /-\.?[0-9]/) != nil)
  }

  /// Returns what a command itself says about a value, which the argument parser recognizes behind `=`; `nil` if it
  /// refuses something else, or nothing.
  private static func refusal(of name: String, _ value: String, in arguments: [String]) -> String? {
    do {
      let problem = (try Supcon.parseAsRoot(arguments) as? any RankedCommand)?.problem(ranks: 1)
      return problem.flatMap { problem in problem.hasPrefix("\(name) ") ? problem : nil }
    } catch {
      let message = Supcon.message(for: error)
      return message.contains("'\(value)'") && message.contains(name) ? message : nil
    }
  }
}
