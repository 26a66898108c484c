import Glibc

/// A learning rate that rises linearly over the warm-up and falls from the first step on, step by step.
public struct LearningRateSchedule: Sendable {
  /// How the learning rate falls.
  public enum Decay: Sendable {
    /// Not at all.
    case constant
    /// Along half a cosine over all steps, to 0.
    case cosine(steps: Int)
    /// By a factor at each of some steps.
    case step(at: [Int], factor: Double)
    /// By a factor after every so many steps, which need not be whole, in stairs.
    case exponential(factor: Double, stepsPerDecay: Double)
  }

  /// The rate that rise and fall scale.
  public var peak: Double
  /// How many steps the rise takes.
  public var warmupSteps: Int
  /// How it falls.
  public var decay: Decay

  /// A schedule.
  public init(peak: Double, warmupSteps: Int, decay: Decay) {
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.decay = decay
  }

  /// peak · min(1, (k + 1) / warm-up steps) · fall(k) for step k, counted from 0.
  ///
  /// fall(k) is 1, ½(1 + cos(πk / steps)), factor^(how many of the steps are at most k), or factor^⌊k / stepsPerDecay⌋.
  public func learningRate(atStep step: Int) -> Float {
    let rise = warmupSteps > 0 ? min(1, Double(step + 1) / Double(warmupSteps)) : 1
    return Float(peak * rise * fall(atStep: step))
  }

  private func fall(atStep step: Int) -> Double {
    switch decay {
    case .constant: 1
    case .cosine(let steps): steps > 0 ? 0.5 * (1 + cos(.pi * Double(step) / Double(steps))) : 1
    case .step(let places, let factor): pow(factor, Double(places.count { place in place <= step }))
    case .exponential(let factor, let stepsPerDecay): pow(factor, (Double(step) / stepsPerDecay).rounded(.down))
    }
  }
}
