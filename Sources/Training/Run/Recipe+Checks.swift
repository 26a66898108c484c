extension Recipe {
  /// What is wrong with an option that is one of some names.
  func choice(_ option: String, _ value: String, _ choices: [String]) -> String? {
    choices.contains(value) ? nil : "--\(option) \(value): expected one of \(choices.joined(separator: ", "))"
  }

  /// What is wrong with a whole number that has a smallest value.
  func atLeast(_ option: String, _ value: Int, _ least: Int) -> String? {
    value >= least ? nil : "--\(option) \(value): expected at least \(least)"
  }

  /// What is wrong with a number.
  func number(_ option: String, _ value: Double, isAllowed: Bool, _ expected: String) -> String? {
    value.isFinite && isAllowed ? nil : "--\(option) \(value): expected \(expected)"
  }

  /// The whole numbers of at least 1 that stand in an option, separated by commas; `nil` if something else does.
  static func counts(in text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let counts = parts.compactMap { part in Int(part).flatMap { count in count >= 1 ? count : nil } }
    return counts.count == parts.count ? counts : nil
  }
}
