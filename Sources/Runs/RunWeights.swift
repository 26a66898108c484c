/// The kind of weights that a command reads from a run.
package enum RunWeights: String, Sendable, CaseIterable {
  /// The weights after the last step of the checkpoint.
  case raw
  /// The exponential moving average of the weights over the steps.
  case average

  /// The suffix of the names of files and folders with results for these weights.
  package var suffix: String { self == .raw ? "" : "-average" }

  /// The prefix of the names of fields with results for these weights.
  package var fieldPrefix: String { self == .raw ? "" : "average_" }
}
