/// Checkpoints, metrics and evaluations that a run writes.
package struct CheckpointOptions: Sendable, Equatable {
  /// The number of steps between checkpoints; `nil` for an epoch.
  package var steps: Int?
  /// The number of checkpoints that are kept.
  package var keep = 3
  /// The logging interval in steps.
  package var logSteps = 10
  /// The number of epochs between evaluations; 0 for none, `nil` for ten evaluations a run.
  package var evaluateEpochs: Int?
  /// The measure whose best checkpoint is kept; `nil` for none.
  package var best: Measure?

  /// An accuracy of evaluations.
  package enum Measure: String, CaseIterable, Sendable {
    /// Weighted k-NN with k 20.
    case knn
    /// Weighted k-NN with k 200.
    case knn200
    /// The nearest class mean.
    case classMeans = "class-means"
    /// A linear classifier of the representations.
    case linearProbe = "linear-probe"
    /// The run's own classifier, on validation images.
    case classifier
  }

  /// The defaults.
  package init() {}
}
