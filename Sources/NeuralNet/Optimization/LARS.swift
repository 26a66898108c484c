/// Momentum with a learning rate for each layer that follows the length of its weights (LARS; You and others 2017, arXiv 1708.03888), as
/// SimCLR's and the official SupCon code define it.
///
/// For each slice: g ← ∇ + weightDecay · w;  r = η ‖w‖ / ‖g‖, or 1 where one of them is 0;  m ← momentum · m + learningRate · r · g;
/// w ← w − (Nesterov: momentum · m + learningRate · r · g, else m). The learning rate is within m ("classic" momentum). Biases and the
/// scales and shifts of normalizations have r = 1.
public struct LARS: Optimizer {
  /// η, as in both codes.
  public static let trustCoefficient = 0.001

  /// The share of the momentum that stays.
  public let momentum: Float
  /// Whether the step looks ahead along the new momentum.
  public let usesNesterov: Bool
  /// The pull towards 0.
  public let weightDecay: WeightDecay

  private let layers: [Layer]
  private var velocity: [Float]

  /// One slice of the parameters.
  private struct Layer: Sendable {
    let range: Range<Int>
    let weightDecay: Float
    let isAdapted: Bool
  }

  /// An optimizer at rest.
  ///
  /// - Parameters:
  ///   - momentum: The share of the momentum that stays.
  ///   - usesNesterov: Whether the step looks ahead along the new momentum.
  ///   - weightDecay: The pull towards 0.
  ///   - layout: The slices of the parameters, each a layer of its own.
  public init(momentum: Float, usesNesterov: Bool, weightDecay: WeightDecay, layout: VectorLayout) {
    self.momentum = momentum
    self.usesNesterov = usesNesterov
    self.weightDecay = weightDecay
    layers = layout.slices.map { slice in
      let stretch = weightDecay.stretches.first { stretch in stretch.range.contains(slice.range.lowerBound) }
      return Layer(range: slice.range, weightDecay: stretch?.factor ?? 0, isAdapted: !slice.isBiasOrNorm)
    }
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
    let (momentum, usesNesterov, layers) = (momentum, usesNesterov, layers)
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe velocity.withUnsafeMutableBufferPointer { velocity in
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
          for layer in layers {
            let rate = unsafe learningRate * Self.trustRatio(of: layer, UnsafeBufferPointer(parameters), gradient)
            let weightDecay = layer.weightDecay
            for index in layer.range {
              let scaled = unsafe rate * (gradient[index] + weightDecay * parameters[index])
              let moved = unsafe momentum * velocity[index] + scaled
              unsafe velocity[index] = moved
              unsafe parameters[index] -= usesNesterov ? momentum * moved + scaled : moved
            }
          }
        }
      }
    }
  }

  /// r of one layer.
  private static func trustRatio(
    of layer: Layer, _ parameters: UnsafeBufferPointer<Float>, _ gradient: UnsafeBufferPointer<Float>
  ) -> Float {
    guard layer.isAdapted else { return 1 }
    // Eight interleaved sums in float64, always in this order: nobody else's layout or threads can change a bit.
    var (weights, gradients) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    let decay = SIMD8<Double>(repeating: Double(layer.weightDecay))
    var index = layer.range.lowerBound
    while index < layer.range.upperBound {
      var (weight, slope) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
      for lane in 0..<min(8, layer.range.upperBound - index) {
        weight[lane] = unsafe parameters[index + lane]
        slope[lane] = unsafe gradient[index + lane]
      }
      let wide = SIMD8<Double>(weight)
      let decayed = SIMD8<Double>(slope) + decay * wide
      weights += wide * wide
      gradients += decayed * decayed
      index += 8
    }
    let (weightLength, gradientLength) = (weights.sum().squareRoot(), gradients.sum().squareRoot())
    return weightLength > 0 && gradientLength > 0
      ? Float(trustCoefficient * weightLength / gradientLength) : 1
  }
}
