import Configuration

/// Notices that a loss stays at the value that it has when all embeddings are equal.
struct CollapseWatch {
  /// How near the loss must be, as a share of the collapse value.
  private static let nearness = 0.01
  /// For how many logged steps one after the other.
  private static let stepsToWarn = 5

  /// Until when the learning rate rises: no step before counts.
  let warmupSteps: Int

  private var stepsAtCollapse = 0
  private var hasWarned = false

  /// A watch of a run whose learning rate rises for so many steps.
  package init(warmupSteps: Int) {
    self.warmupSteps = warmupSteps
  }

  /// Looks at a logged step; warns at most once.
  ///
  /// A batch whose bound is as near to the collapse value, such as one of a single class, tells nothing.
  ///
  /// - Parameters:
  ///   - step: How many steps were taken.
  ///   - loss: The step's loss.
  ///   - lowerBound: What it cannot fall below.
  ///   - collapseValue: What it is when all embeddings are equal.
  /// - Returns: What to tell people.
  mutating func warning(atStep step: Int, loss: Double, lowerBound: Double, collapseValue: Double) -> String? {
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
      "warning: step \(step): for \(stepsAtCollapse) logged steps the loss has been within 1 % of \(decimal(collapseValue, 4)), "
      + "its value when all embeddings are equal; lower --learning-rate or lengthen --warmup-epochs"
  }
}
