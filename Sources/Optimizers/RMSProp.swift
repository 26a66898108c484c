import FlatVectors

/// The RMSProp optimizer with momentum, as PyTorch's `RMSprop` with `centered=False`.
///
///     g ← ∇ + weightDecay · w
///     v ← decay · v + (1 − decay) · g²
///     m ← momentum · m + g / (√v + ε)
///     w ← w − learningRate · m
///
/// TensorFlow's version adds ε under the square root and begins with v = 1.
public struct RMSProp: Optimizer {
  /// The factor of the previous mean of squared gradients in each step.
  public let decay: Double
  /// The ε added to the square root of the mean of squared gradients.
  public let epsilon: Float
  /// The factor of the previous velocity in each step.
  public let momentum: Float
  /// The weight decay of each parameter group.
  public let weightDecay: WeightDecay

  private var squares: FlatVector
  private var velocity: FlatVector

  /// Creates the optimizer with zero state.
  public init(decay: Double, epsilon: Float, momentum: Float, weightDecay: WeightDecay) {
    self.decay = decay
    self.epsilon = epsilon
    self.momentum = momentum
    self.weightDecay = weightDecay
    squares = FlatVector(count: weightDecay.count)
    velocity = FlatVector(count: weightDecay.count)
  }

  /// The names of the vectors v and m in checkpoints.
  public var stateNames: [String] { ["squares", "velocity"] }

  /// The mean of squared gradients v and the velocity m.
  public var state: [FlatVector] {
    get { [squares, velocity] }
    set { (squares, velocity) = (newValue[0], newValue[1]) }
  }

  /// Updates a range of the parameters in one step.
  public func update(
    _ parameters: FlatVector, gradient: Span<Float>, in range: Range<Int>, learningRate: Float, step: Int
  ) {
    checkCounts(parameters, gradient, weightDecay)
    let (epsilon, momentum) = (epsilon, momentum)
    // As PyTorch: 1 − decay is rounded once.
    let (decay, share) = (Float(decay), Float(1 - decay))
    for group in weightDecay.groups where group.range.overlaps(range) {
      let weightDecay = group.weightDecay
      updateEach(in: group.range.clamped(to: range), parameters, gradient, squares, velocity) {
        parameter, gradient, square, velocity in
        let decayed = gradient + weightDecay * parameter
        square = decay * square + share * (decayed * decayed)
        velocity = momentum * velocity + decayed / (square.squareRoot() + epsilon)
        parameter -= learningRate * velocity
      }
    }
  }
}
