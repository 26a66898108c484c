import Glibc

/// A learning rate with linear warmup and a decay that begins at the first step.
public struct LearningRateSchedule: Sendable {
  /// The course of the decay.
  public enum Decay: Sendable {
    /// No decay.
    case constant
    /// Along half a cosine over all steps, to 0.
    case cosine(steps: Int)
    /// Along half a cosine to 0 at each of some increasing steps, each time from the peak.
    case cosines(ends: [Int])
    /// By a factor at each of some steps.
    case step(at: [Int], factor: Double)
    /// By a factor after every `stepsPerDecay` steps, in stairs; the number need not be whole.
    case exponential(factor: Double, stepsPerDecay: Double)
  }

  /// The rate that warmup and decay scale.
  public var peak: Double
  /// The number of warmup steps.
  public var warmupSteps: Int
  /// The decay.
  public var decay: Decay

  /// Creates a schedule.
  public init(peak: Double, warmupSteps: Int, decay: Decay) {
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.decay = decay
  }

  /// peak · min(1, (k + 1) / warmupSteps) · decay(k) for step k, counted from 0.
  ///
  /// decay(k) is 1, ½(1 + cos(πk / steps)) (of each half cosine with its own k and steps), factor^(number of the steps that are at most k), or factor^⌊k / stepsPerDecay⌋.
  public func learningRate(atStep step: Int) -> Float {
    let warmup = warmupSteps > 0 ? min(1, Double(step + 1) / Double(warmupSteps)) : 1
    return Float(peak * warmup * decayFactor(atStep: step))
  }

  private func decayFactor(atStep step: Int) -> Double {
    switch decay {
    case .constant: 1
    case .cosine(let steps): Self.cosine(atStep: step, of: steps)
    case .cosines(let ends):
      // Beyond the last end, its half cosine goes on.
      if let end = ends.first(where: { end in step < end }) ?? ends.last {
        Self.cosine(atStep: step - start(before: end, ends), of: end - start(before: end, ends))
      } else {
        1
      }
    case .step(let places, let factor): pow(factor, Double(places.count { place in place <= step }))
    case .exponential(let factor, let stepsPerDecay): pow(factor, (Double(step) / stepsPerDecay).rounded(.down))
    }
  }

  private func start(before end: Int, _ ends: [Int]) -> Int { ends.last { other in other < end } ?? 0 }

  private static func cosine(atStep step: Int, of steps: Int) -> Double {
    steps > 0 ? 0.5 * (1 + cos(.pi * Double(step) / Double(steps))) : 1
  }
}
