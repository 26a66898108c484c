import Configuration

extension RunError {
  /// Returns the error for `--weights-of average` of a run that has no averaged weights.
  package static func noAverage(of run: String) -> RunError {
    RunError(
      .missing, "--weights-of average: \(run) has no averaged weights, as it was trained without --weight-average",
      remedy: "leave the option out")
  }
}
