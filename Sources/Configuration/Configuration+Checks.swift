extension Configuration {
  /// What is wrong with an option that is one of some names.
  func choice(_ option: String, _ value: String, _ choices: [String]) -> String? {
    choices.contains(value) ? nil : "--\(option) \(value): expected one of \(choices.joined(separator: ", "))"
  }

  /// The largest whole number that options take: products of two of them are numbers still.
  static let largest = 1_000_000_000

  /// What is wrong with a whole number that has a smallest and a largest value.
  func atLeast(_ option: String, _ value: Int, _ least: Int, atMost most: Int = largest) -> String? {
    Self.problem(of: option, value, atLeast: least, atMost: most)
  }

  /// What is wrong with a whole number of any command that has a smallest and a largest value.
  package static func problem(of option: String, _ value: Int, atLeast least: Int, atMost most: Int = largest)
    -> String?
  {
    guard value >= least else { return "--\(option) \(value): expected at least \(least)" }
    return value <= most ? nil : "--\(option) \(value): expected at most \(most)"
  }

  /// What is wrong with a number of threads.
  package static func problem(ofThreads threads: Int) -> String? {
    problem(of: "threads", threads, atLeast: 1, atMost: largestThreadCount)
  }

  /// More threads than any machine has cores.
  static let largestThreadCount = 1024

  /// What is wrong with a number.
  func number(_ option: String, _ value: Double, isAllowed: Bool, _ expected: String) -> String? {
    value.isFinite && isAllowed ? nil : "--\(option) \(value): expected \(expected)"
  }

  /// The whole numbers of at least 1 that stand in an option, separated by commas; `nil` if something else does.
  static func counts(in text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let counts = parts.compactMap { part in Int(part).flatMap { count in (1...largest).contains(count) ? count : nil } }
    return counts.count == parts.count ? counts : nil
  }
}
