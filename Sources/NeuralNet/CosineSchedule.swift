import Glibc

/// A learning rate that rises linearly over the warm-up and falls along half a cosine over all steps.
public struct CosineSchedule: Sendable {
  /// The rate that both factors scale.
  public var peak: Double
  /// How many steps the rise takes.
  public var warmupSteps: Int
  /// How many steps the fall takes, from the first step on.
  public var steps: Int

  /// A schedule over `steps` steps.
  public init(peak: Double, warmupSteps: Int, steps: Int) {
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.steps = steps
  }

  /// peak · min(1, (k + 1) / warm-up steps) · ½(1 + cos(πk / steps)) for step k, counted from 0.
  public func learningRate(atStep step: Int) -> Float {
    let rise = warmupSteps > 0 ? min(1, Double(step + 1) / Double(warmupSteps)) : 1
    let fall = steps > 0 ? 0.5 * (1 + cos(.pi * Double(step) / Double(steps))) : 1
    return Float(peak * rise * fall)
  }
}
