/// The RMSProp optimizer with momentum, as PyTorch's `RMSprop` with `centered=False`.
///
/// g ← ∇ + weightDecay · w; v ← decay · v + (1 − decay) · g²; m ← momentum · m + g / (√v + ε); w ← w − learningRate ·
/// m.
///
/// TensorFlow's version adds ε under the square root and begins with v = 1.
public struct RMSProp: Optimizer {
  /// The factor of the previous mean of squared gradients in each step.
  public let decay: Float
  /// The ε added to the square root of the mean of squared gradients.
  public let epsilon: Float
  /// The factor of the previous velocity in each step.
  public let momentum: Float
  /// The weight decay of each parameter group.
  public let weightDecay: WeightDecay

  private var squares: [Float]
  private var velocity: [Float]

  /// Creates the optimizer with zero state.
  public init(decay: Float, epsilon: Float, momentum: Float, weightDecay: WeightDecay) {
    self.decay = decay
    self.epsilon = epsilon
    self.momentum = momentum
    self.weightDecay = weightDecay
    squares = Array(repeating: 0, count: weightDecay.count)
    velocity = squares
  }

  /// The names of the vectors v and m in checkpoints.
  public var stateNames: [String] { ["squares", "velocity"] }

  /// The mean of squared gradients v and the velocity m.
  public var state: [[Float]] {
    get { [squares, velocity] }
    set { (squares, velocity) = (newValue[0], newValue[1]) }
  }

  /// Updates the parameters in one step.
  public mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int) {
    checkCounts(parameters, gradient, weightDecay)
    let (decay, epsilon, momentum) = (decay, epsilon, momentum)
    let share = 1 - decay
    for group in weightDecay.groups {
      let weightDecay = group.weightDecay
      updateEach(in: group.range, &parameters, gradient, &squares, &velocity) {
        parameter, gradient, square, velocity in
        let decayed = gradient + weightDecay * parameter
        square = decay * square + share * (decayed * decayed)
        velocity = momentum * velocity + decayed / (square.squareRoot() + epsilon)
        parameter -= learningRate * velocity
      }
    }
  }
}
