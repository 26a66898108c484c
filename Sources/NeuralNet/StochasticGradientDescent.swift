/// Stochastic gradient descent with momentum, Nesterov's variant and weight decay, as PyTorch's `SGD` without dampening.
///
/// g ← ∇ + weightDecay · w;  m ← momentum · m + g;  w ← w − learningRate · (Nesterov: g + momentum · m, else m).
public struct StochasticGradientDescent: Sendable {
  /// The share of the momentum that stays.
  public var momentum: Float
  /// The pull of every parameter towards 0.
  public var weightDecay: Float
  /// Whether the step looks ahead along the new momentum.
  public var usesNesterov: Bool
  /// m, in the layout of the parameters.
  public var velocity: [Float]

  /// An optimiser at rest.
  public init(parameterCount: Int, momentum: Float, weightDecay: Float, usesNesterov: Bool) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.usesNesterov = usesNesterov
    velocity = Array(repeating: 0, count: parameterCount)
  }

  /// Takes one step.
  ///
  /// - Precondition: `parameters` and `gradient` have the layout of the velocity.
  public mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float) {
    let count = velocity.count
    precondition(
      parameters.count == count && gradient.count == count,
      "\(parameters.count) parameters and \(gradient.count) gradients for \(count) velocities")
    let (momentum, weightDecay, usesNesterov) = (momentum, weightDecay, usesNesterov)
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe velocity.withUnsafeMutableBufferPointer { velocity in
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
          for index in 0..<count {
            let decayed = unsafe gradient[index] + weightDecay * parameters[index]
            let moved = unsafe momentum * velocity[index] + decayed
            unsafe velocity[index] = moved
            unsafe parameters[index] -= learningRate * (usesNesterov ? decayed + momentum * moved : moved)
          }
        }
      }
    }
  }
}
