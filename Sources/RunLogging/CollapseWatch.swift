import Configuration

/// A detector of collapse: a loss that stays at the value that it has when all embeddings are equal.
package struct CollapseWatch {
  /// The relative distance from the collapse value within which the loss counts as collapsed.
  private static let nearness = 0.01
  /// The number of consecutive logged steps before the warning.
  private static let stepsToWarn = 5

  /// The number of warm-up steps, which are ignored.
  let warmupSteps: Int

  private var stepsAtCollapse = 0
  private var hasWarned = false

  /// Creates a detector that ignores the first `warmupSteps` steps.
  package init(warmupSteps: Int) {
    self.warmupSteps = warmupSteps
  }

  /// Checks a logged step; warns at most once.
  ///
  /// A batch whose lower bound is close to the collapse value, such as a batch of a single class, is ignored.
  ///
  /// - Parameters:
  ///   - step: The number of steps taken.
  ///   - loss: The loss of the step.
  ///   - lowerBound: The lower bound of the loss for the batch.
  ///   - collapseValue: The loss if all embeddings are equal.
  /// - Returns: The warning for the user, or `nil`.
  package mutating func warning(atStep step: Int, loss: Double, lowerBound: Double, collapseValue: Double) -> String? {
    let margin = Self.nearness * abs(collapseValue)
    let isAtCollapse = abs(loss - collapseValue) <= margin && lowerBound < collapseValue - margin
    guard step > warmupSteps, isAtCollapse else {
      stepsAtCollapse = 0
      return nil
    }
    stepsAtCollapse += 1
    guard stepsAtCollapse == Self.stepsToWarn, !hasWarned else { return nil }
    hasWarned = true
    return
      "step \(step): for \(stepsAtCollapse) logged steps the loss has been within 1 % of \(decimal(collapseValue, 4)), "
      + "its value when all embeddings are equal; lower --learning-rate or lengthen --warmup-epochs, "
      + "which a resumed run cannot change: begin a new one with another --output"
  }
}
