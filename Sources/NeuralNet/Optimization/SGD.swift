/// Stochastic gradient descent with momentum, Nesterov's variant and weight decay, as PyTorch's `SGD` without dampening.
///
/// g ← ∇ + weightDecay · w;  m ← momentum · m + g;  w ← w − learningRate · (Nesterov: g + momentum · m, else m).
public struct SGD: Optimizer {
  /// The share of the momentum that stays.
  public let momentum: Float
  /// Whether the step looks ahead along the new momentum.
  public let usesNesterov: Bool
  /// The pull towards 0.
  public let weightDecay: WeightDecay
  /// m, in the layout of the parameters.
  public private(set) var velocity: [Float]

  /// An optimizer at rest.
  public init(momentum: Float, usesNesterov: Bool, weightDecay: WeightDecay) {
    self.momentum = momentum
    self.usesNesterov = usesNesterov
    self.weightDecay = weightDecay
    velocity = Array(repeating: 0, count: weightDecay.count)
  }

  /// The velocity.
  public var stateNames: [String] { ["velocity"] }

  /// The velocity.
  public var state: [[Float]] {
    get { [velocity] }
    set { velocity = newValue[0] }
  }

  /// Takes one step.
  public mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int) {
    checkCounts(parameters, gradient, weightDecay)
    let (momentum, usesNesterov) = (momentum, usesNesterov)
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe velocity.withUnsafeMutableBufferPointer { velocity in
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
          for stretch in weightDecay.stretches {
            let weightDecay = stretch.factor
            for index in stretch.range {
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
}
