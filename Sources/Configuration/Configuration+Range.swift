extension Configuration {
  /// Returns the error message for an integer option that is out of range, or `nil`.
  package static func problem(
    of option: String, _ value: Int, atLeast least: Int, atMost most: Int = largestOption
  ) -> String? {
    guard value >= least else { return "--\(option) \(value): expected at least \(least)" }
    return value <= most ? nil : "--\(option) \(value): expected at most \(most)"
  }

  /// Returns the error message for a number of threads that is out of range, or `nil`.
  package static func problem(ofThreads threads: Int) -> String? {
    problem(of: "threads", threads, atLeast: 1, atMost: ComputeOptions.largestThreadCount)
  }
}
