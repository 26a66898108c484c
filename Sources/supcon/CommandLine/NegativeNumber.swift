import Configuration

/// The check for negative numbers, which the argument parser would take for an option and report as a missing value.
enum NegativeNumber {
  /// The options that accept negative numbers.
  private static let negativeOptions: Set<String> = ["--ignore-label"]

  /// Returns an error message that names the option and the number; `nil` if there is no negative number.
  static func message(for arguments: [String]) -> String? {
    for (name, value) in zip(arguments, arguments.dropFirst())
    where name.hasPrefix("--") && !negativeOptions.contains(name) && !name.contains("=") && value.hasPrefix("-")
      && Double(value) != nil
    {
      let refusal = ConfigurationOption.named(String(name.dropFirst(2))).flatMap { option in option.refusal(of: value) }
      return "Error: \(refusal?.description ?? "\(name) \(value): expected a number of at least 0")"
    }
    return nil
  }
}
