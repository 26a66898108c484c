/// The description of a run's best checkpoint by `--keep-best`: measure, value and step.
///
/// Stored in the checkpoint itself and in `summary.json`.
package struct BestCheckpoint: Codable, Sendable, Equatable {
  /// The name of the measure, which is the value of `--keep-best`.
  package let measure: String
  /// The value that the measure had for this checkpoint.
  package let value: Double
  /// The number of steps taken when the checkpoint was written.
  package let step: Int

  package init(measure: String, value: Double, step: Int) {
    (self.measure, self.value, self.step) = (measure, value, step)
  }
}
