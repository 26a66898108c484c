import FlatVectors

/// Stochastic gradient descent with momentum, optionally Nesterov's, and weight decay, as PyTorch's `SGD` without
/// dampening.
///
///     g ← ∇ + weightDecay · w
///     m ← momentum · m + g
///     w ← w − learningRate · m, with Nesterov: w ← w − learningRate · (g + momentum · m)
public struct SGD: Optimizer {
  /// The factor of the previous velocity in each step.
  public let momentum: Float
  /// True for Nesterov momentum.
  public let usesNesterov: Bool
  /// The weight decay of each parameter group.
  public let weightDecay: WeightDecay
  /// The velocity m, with the layout of the parameters.
  public private(set) var velocity: FlatVector

  /// Creates the optimizer with zero state.
  public init(momentum: Float, usesNesterov: Bool, weightDecay: WeightDecay) {
    self.momentum = momentum
    self.usesNesterov = usesNesterov
    self.weightDecay = weightDecay
    velocity = FlatVector(count: weightDecay.count)
  }

  /// The name of the vector m in checkpoints.
  public var stateNames: [String] { ["velocity"] }

  /// The velocity m, the only vector of the state.
  public var state: [FlatVector] {
    get { [velocity] }
    set { velocity = newValue[0] }
  }

  /// Updates a range of the parameters in one step.
  public func update(
    _ parameters: FlatVector, gradient: Span<Float>, in range: Range<Int>, learningRate: Float, step: Int
  ) {
    checkCounts(parameters, gradient, weightDecay)
    let (momentum, usesNesterov) = (momentum, usesNesterov)
    for group in weightDecay.groups where group.range.overlaps(range) {
      let decay = group.weightDecay
      updateEach(in: group.range.clamped(to: range), parameters, gradient, velocity) { parameter, gradient, velocity in
        let decayed = gradient + decay * parameter
        velocity = momentum * velocity + decayed
        parameter -= learningRate * (usesNesterov ? decayed + momentum * velocity : velocity)
      }
    }
  }
}
