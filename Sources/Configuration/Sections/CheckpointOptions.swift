/// Checkpoints and lines of metrics that a run writes.
package struct CheckpointOptions: Sendable, Equatable {
  /// The number of steps between checkpoints; `nil` for an epoch.
  package var steps: Int?
  /// The number of checkpoints that are kept.
  package var keep = 3
  /// The logging interval in steps.
  package var logSteps = 10

  /// The defaults.
  package init() {}
}
