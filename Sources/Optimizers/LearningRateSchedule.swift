import Glibc

/// A learning rate schedule with linear warm-up and a decay that begins at the first step.
public struct LearningRateSchedule: Sendable {
  /// The factor by which the learning rate decreases, a function of the step; warm-up steps count.
  public enum Decay: Sendable {
    /// A constant learning rate after the warm-up.
    case constant
    /// A decrease along half a cosine over all steps, to 0.
    case cosine(steps: Int)
    /// Several half cosines, each from the peak to 0 at one of the ascending steps `ends` (warm restarts, SGDR).
    case cosines(ends: [Int])
    /// A multiplication by a factor at each of several steps.
    case step(at: [Int], factor: Double)
    /// A multiplication by a factor after every `stepsPerDecay` steps, which need not be a whole number.
    case exponential(factor: Double, stepsPerDecay: Double)
  }

  /// The peak learning rate, by which warm-up and decay are multiplied.
  public var peak: Double
  /// The number of steps in which the learning rate rises linearly to the peak.
  public var warmupSteps: Int
  /// The factor by which the learning rate decreases, a function of the step; warm-up steps count.
  public var decay: Decay

  /// Creates a schedule from its peak, warm-up and decay.
  public init(peak: Double, warmupSteps: Int, decay: Decay) {
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.decay = decay
  }

  /// Returns peak · min(1, (k + 1) / warmupSteps) · decay(k) for step k, counted from 0.
  ///
  /// In the order of ``Decay``, decay(k) is 1; ½(1 + cos(πk / steps)), for several cosines with k and steps counted
  /// from the start of the current one; factor^(number of decay steps up to k); or factor^⌊k / stepsPerDecay⌋.
  public func learningRate(atStep step: Int) -> Float {
    let warmup = warmupSteps > 0 ? min(1, Double(step + 1) / Double(warmupSteps)) : 1
    return Float(peak * warmup * decayFactor(atStep: step))
  }

  private func decayFactor(atStep step: Int) -> Double {
    switch decay {
    case .constant: 1
    case .cosine(let steps): Self.cosine(atStep: step, of: steps)
    case .cosines(let ends):
      // After the last end, its half cosine is continued.
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
