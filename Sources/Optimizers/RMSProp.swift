/// Steps divided by the root of the mean square of recent gradients, with momentum, as PyTorch's `RMSprop`, not centered.
///
/// g ← ∇ + weightDecay · w;  v ← decay · v + (1 − decay) · g²;  m ← momentum · m + g / (√v + ε);  w ← w − learningRate · m.
///
/// TensorFlow's adds ε under the root and begins with v = 1.
public struct RMSProp: Optimizer {
  /// The factor of the previous mean square in each step.
  public let decay: Float
  /// ε.
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

  /// v and m.
  public var stateNames: [String] { ["squares", "velocity"] }

  /// v and m.
  public var state: [[Float]] {
    get { [squares, velocity] }
    set { (squares, velocity) = (newValue[0], newValue[1]) }
  }

  /// Takes one step.
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
