extension Configuration {
  /// The refusal of a whole number of any command out of a range, or `nil`.
  package static func problem(
    of option: String, _ value: Int, atLeast least: Int, atMost most: Int = largestOption
  ) -> String? {
    guard value >= least else { return "--\(option) \(value): expected at least \(least)" }
    return value <= most ? nil : "--\(option) \(value): expected at most \(most)"
  }

  /// The refusal of a number of threads, or `nil`.
  package static func problem(ofThreads threads: Int) -> String? {
    problem(of: "threads", threads, atLeast: 1, atMost: ComputeOptions.largestThreadCount)
  }
}
