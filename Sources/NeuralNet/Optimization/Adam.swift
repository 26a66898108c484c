import Glibc

/// Steps along the mean of recent gradients divided by the root of their mean square (Kingma and Ba 2015), as PyTorch's `Adam` and `AdamW`.
///
/// With t steps taken, this one included:
/// Adam: g ← ∇ + weightDecay · w; AdamW (Loshchilov and Hutter 2019): g ← ∇, w ← (1 − learningRate · weightDecay) · w.
/// m ← β₁ · m + (1 − β₁) · g;  v ← β₂ · v + (1 − β₂) · g²;
/// w ← w − learningRate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε).
public struct Adam: Optimizer {
  /// The share of the mean that stays.
  public let beta1: Double
  /// The share of the mean square that stays.
  public let beta2: Double
  /// ε.
  public let epsilon: Float
  /// Whether weights shrink by themselves (AdamW) and not by way of the gradient.
  public let decouplesWeightDecay: Bool
  /// The pull towards 0.
  public let weightDecay: WeightDecay

  private var means: [Float]
  private var squares: [Float]

  /// An optimizer at rest.
  public init(beta1: Double, beta2: Double, epsilon: Float, decouplesWeightDecay: Bool, weightDecay: WeightDecay) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decouplesWeightDecay = decouplesWeightDecay
    self.weightDecay = weightDecay
    means = Array(repeating: 0, count: weightDecay.count)
    squares = means
  }

  /// m and v.
  public var stateNames: [String] { ["means", "squares"] }

  /// m and v.
  public var state: [[Float]] {
    get { [means, squares] }
    set { (means, squares) = (newValue[0], newValue[1]) }
  }

  /// Takes one step.
  public mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int) {
    checkCounts(parameters, gradient, weightDecay)
    let stepSize = Float(Double(learningRate) / (1 - pow(beta1, Double(step + 1))))
    let correction = Float(1 / (1 - pow(beta2, Double(step + 1))).squareRoot())
    let (beta1, meanShare) = (Float(beta1), Float(1 - beta1))
    let (beta2, squareShare) = (Float(beta2), Float(1 - beta2))
    let epsilon = epsilon
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe means.withUnsafeMutableBufferPointer { means in
        unsafe squares.withUnsafeMutableBufferPointer { squares in
          unsafe parameters.withUnsafeMutableBufferPointer { parameters in
            for stretch in weightDecay.stretches {
              let added = decouplesWeightDecay ? 0 : stretch.factor
              let kept = decouplesWeightDecay ? 1 - learningRate * stretch.factor : 1
              for index in stretch.range {
                let parameter = unsafe parameters[index]
                let decayed = unsafe gradient[index] + added * parameter
                let mean = unsafe beta1 * means[index] + meanShare * decayed
                let square = unsafe beta2 * squares[index] + squareShare * (decayed * decayed)
                unsafe means[index] = mean
                unsafe squares[index] = square
                unsafe parameters[index] =
                  kept * parameter - stepSize * (mean / (square.squareRoot() * correction + epsilon))
              }
            }
          }
        }
      }
    }
  }
}
