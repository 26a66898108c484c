import FlatVectors
import Glibc

/// The Adam and AdamW optimizers (Kingma and Ba 2015; Loshchilov and Hutter 2019), as PyTorch's `Adam` and `AdamW`.
///
/// In step t, counted from 1, with the gradient ∇ and the parameters w:
///
///     Adam: g ← ∇ + weightDecay · w
///     AdamW: g ← ∇, w ← (1 − learningRate · weightDecay) · w
///     m ← β₁ · m + (1 − β₁) · g
///     v ← β₂ · v + (1 − β₂) · g²
///     w ← w − learningRate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct Adam: Optimizer {
  /// The factor β₁ of the previous first moment.
  public let beta1: Double
  /// The factor β₂ of the previous second moment.
  public let beta2: Double
  /// The ε added to the square root of the second moment.
  public let epsilon: Float
  /// True for AdamW: weights are multiplied by 1 − learningRate · weightDecay, and the gradient is not changed.
  public let decouplesWeightDecay: Bool
  /// The weight decay of each parameter group.
  public let weightDecay: WeightDecay

  private var firstMoment: FlatVector
  private var secondMoment: FlatVector

  /// Creates the optimizer with zero state.
  public init(beta1: Double, beta2: Double, epsilon: Float, decouplesWeightDecay: Bool, weightDecay: WeightDecay) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decouplesWeightDecay = decouplesWeightDecay
    self.weightDecay = weightDecay
    firstMoment = FlatVector(count: weightDecay.count)
    secondMoment = FlatVector(count: weightDecay.count)
  }

  /// The names of the vectors m and v in checkpoints.
  public var stateNames: [String] { ["firstMoment", "secondMoment"] }

  /// The names of the vectors m and v in checkpoints of version 0.1.
  public var formerStateNames: [String] { ["means", "squares"] }

  /// The first moment m and the second moment v.
  public var state: [FlatVector] {
    get { [firstMoment, secondMoment] }
    set { (firstMoment, secondMoment) = (newValue[0], newValue[1]) }
  }

  /// Updates a range of the parameters in one step.
  public func update(
    _ parameters: FlatVector, gradient: Span<Float>, in range: Range<Int>, learningRate: Float, step: Int
  ) {
    checkCounts(parameters, gradient, weightDecay)
    let stepSize = Float(Double(learningRate) / (1 - pow(beta1, Double(step + 1))))
    let correction = Float(1 / (1 - pow(beta2, Double(step + 1))).squareRoot())
    let (beta1, meanShare) = (Float(beta1), Float(1 - beta1))
    let (beta2, squareShare) = (Float(beta2), Float(1 - beta2))
    let epsilon = epsilon
    for group in weightDecay.groups where group.range.overlaps(range) {
      let added = decouplesWeightDecay ? 0 : group.weightDecay
      let kept = decouplesWeightDecay ? 1 - learningRate * group.weightDecay : 1
      updateEach(in: group.range.clamped(to: range), parameters, gradient, firstMoment, secondMoment) {
        parameter, gradient, mean, square in
        let decayed = gradient + added * parameter
        mean = beta1 * mean + meanShare * decayed
        square = beta2 * square + squareShare * (decayed * decayed)
        parameter = kept * parameter - stepSize * (mean / (square.squareRoot() * correction + epsilon))
      }
    }
  }
}
