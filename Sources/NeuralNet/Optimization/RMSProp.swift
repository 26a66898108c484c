/// Steps divided by the root of the mean square of recent gradients, with momentum, as PyTorch's `RMSprop`, not centered.
///
/// g ← ∇ + weightDecay · w;  v ← decay · v + (1 − decay) · g²;  m ← momentum · m + g / (√v + ε);  w ← w − learningRate · m.
///
/// TensorFlow's adds ε under the root and begins with v = 1.
public struct RMSProp: Optimizer {
  /// The share of the mean square that stays.
  public let decay: Float
  /// ε.
  public let epsilon: Float
  /// The share of the momentum that stays.
  public let momentum: Float
  /// The pull towards 0.
  public let weightDecay: WeightDecay

  private var squares: [Float]
  private var velocity: [Float]

  /// An optimizer at rest.
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
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe squares.withUnsafeMutableBufferPointer { squares in
        unsafe velocity.withUnsafeMutableBufferPointer { velocity in
          unsafe parameters.withUnsafeMutableBufferPointer { parameters in
            for stretch in weightDecay.stretches {
              let weightDecay = stretch.factor
              for index in stretch.range {
                let decayed = unsafe gradient[index] + weightDecay * parameters[index]
                let square = unsafe decay * squares[index] + share * (decayed * decayed)
                let moved = unsafe momentum * velocity[index] + decayed / (square.squareRoot() + epsilon)
                unsafe squares[index] = square
                unsafe velocity[index] = moved
                unsafe parameters[index] -= learningRate * moved
              }
            }
          }
        }
      }
    }
  }
}
