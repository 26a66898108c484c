/// The best checkpoint of a run by `--keep-best`: the measure, its value and the step.
///
/// Stored in the checkpoint itself and in `summary.json`.
package struct BestCheckpoint: Codable, Sendable, Equatable {
  /// The value of `--keep-best`.
  package let measure: String
  /// The value of the measure.
  package let value: Double
  /// The number of steps taken.
  package let step: Int

  package init(measure: String, value: Double, step: Int) {
    (self.measure, self.value, self.step) = (measure, value, step)
  }
}
