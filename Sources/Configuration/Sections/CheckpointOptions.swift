/// The options of checkpoints, logging and evaluations during a run.
package struct CheckpointOptions: Sendable, Equatable {
  /// The number of steps between checkpoints; `nil` for one checkpoint per epoch.
  package var steps: Int?
  /// The number of recent checkpoints to keep; older checkpoints are deleted.
  package var keep = 3
  /// The number of steps between log lines and records of `metrics.jsonl`.
  package var logSteps = 10
  /// The number of epochs between evaluations; 0 for none, `nil` for ten evaluations per run.
  package var evaluateEpochs: Int?
  /// The accuracy by which the best checkpoint is chosen and preserved; `nil` for none.
  package var best: Measure?

  /// The accuracies that can select the best checkpoint.
  package enum Measure: String, CaseIterable, Sendable {
    /// The accuracy of weighted k-nearest neighbors with k = 20.
    case knn
    /// The accuracy of weighted k-nearest neighbors with k = 200.
    case knn200
    /// The accuracy of classification by the nearest class mean of the representations.
    case classMeans = "class-means"
    /// The accuracy of a linear classifier trained on the representations.
    case linearProbe = "linear-probe"
    /// The validation accuracy of the classifier that is trained along with the encoder.
    case classifier
  }

  /// Creates the default options.
  package init() {}
}
