import FlatVectors
import NeuralNet

/// The LARS optimizer (You and others 2017, arXiv:1708.03888): momentum with a learning rate per layer that is
/// proportional to the norm of its weights.
///
/// The definition is that of SimCLR and of the official SupCon code.
///
/// For each tensor of parameters w with gradient ∇:
///
///     g ← ∇ + weightDecay · w
///     r = η ‖w‖ / ‖g‖, or 1 if one of them is 0
///     m ← momentum · m + learningRate · r · g
///     w ← w − m, with Nesterov: w ← w − (momentum · m + learningRate · r · g)
///
/// The learning rate is part of m ("classic" momentum). For biases and the scales and shifts of normalizations, r = 1.
public struct LARS: Optimizer {
  /// The trust coefficient η, as in SimCLR and the official SupCon code.
  public static let trustCoefficient = 0.001

  /// The factor of the previous velocity in each step.
  public let momentum: Float
  /// True for Nesterov momentum.
  public let usesNesterov: Bool
  /// The weight decay of each parameter group.
  public let weightDecay: WeightDecay

  private let layers: [Layer]
  private var velocity: FlatVector

  /// A layer with a learning rate of its own: one tensor of the parameters.
  private struct Layer: Sendable {
    let range: Range<Int>
    let weightDecay: Float
    let isAdapted: Bool
  }

  /// Creates the optimizer with zero state.
  ///
  /// - Parameters:
  ///   - momentum: The factor of the previous velocity in each step.
  ///   - usesNesterov: True for Nesterov momentum.
  ///   - weightDecay: The weight decay of each parameter group.
  ///   - layout: The layout of the parameters, whose tensors are the layers.
  public init(momentum: Float, usesNesterov: Bool, weightDecay: WeightDecay, layout: VectorLayout) {
    self.momentum = momentum
    self.usesNesterov = usesNesterov
    self.weightDecay = weightDecay
    layers = layout.slices.map { slice in
      let group = weightDecay.groups.first { group in group.range.contains(slice.range.lowerBound) }
      return Layer(range: slice.range, weightDecay: group?.weightDecay ?? 0, isAdapted: !slice.isBiasOrNorm)
    }
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
    let (momentum, usesNesterov, layers) = (momentum, usesNesterov, layers)
    for layer in layers where layer.range.overlaps(range) {
      precondition(
        layer.range.clamped(to: range) == layer.range, "an update of \(range), which divides the layer \(layer.range)")
      let ratio = parameters.withSpan { parameters in Self.trustRatio(of: layer, parameters, gradient) }
      let rate = learningRate * ratio
      let weightDecay = layer.weightDecay
      updateEach(in: layer.range, parameters, gradient, velocity) { parameter, gradient, velocity in
        let scaled = rate * (gradient + weightDecay * parameter)
        velocity = momentum * velocity + scaled
        parameter -= usesNesterov ? momentum * velocity + scaled : velocity
      }
    }
  }

  /// Returns the factor r of one layer.
  private static func trustRatio(
    of layer: Layer, _ parameters: Span<Float>, _ gradient: Span<Float>
  ) -> Float {
    guard layer.isAdapted else { return 1 }
    // Eight interleaved sums in float64, always in this order, so that the bits do not depend on threads or on other
    // layers.
    var (weights, gradients) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    let decay = SIMD8<Double>(repeating: Double(layer.weightDecay))
    var index = layer.range.lowerBound
    while index < layer.range.upperBound {
      var (weightLanes, gradientLanes) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
      for lane in 0..<min(8, layer.range.upperBound - index) {
        weightLanes[lane] = unsafe parameters[unchecked: index + lane]
        gradientLanes[lane] = unsafe gradient[unchecked: index + lane]
      }
      let wide = SIMD8<Double>(weightLanes)
      let decayed = SIMD8<Double>(gradientLanes) + decay * wide
      weights += wide * wide
      gradients += decayed * decayed
      index += 8
    }
    let (weightLength, gradientLength) = (weights.sum().squareRoot(), gradients.sum().squareRoot())
    return weightLength > 0 && gradientLength > 0
      ? Float(trustCoefficient * weightLength / gradientLength) : 1
  }
}
