import Configuration

/// The refusal of a negative number: the parser takes it for another option and says that the value is missing.
enum NegativeNumber {
  /// Options that negative numbers belong to.
  private static let negativeOptions: Set<String> = ["--ignore-label"]

  /// A sentence that names the option and the number, or `nil` if there is none.
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
