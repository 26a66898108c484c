import NeuralNet

/// The weight decay of each parameter.
public struct WeightDecay: Sendable {
  /// The parameters that are exempt from weight decay.
  public enum Exclusion: String, Sendable, CaseIterable {
    /// No exemption: all parameters decay.
    case none
    /// Biases, and the scales and shifts of normalizations, are exempt.
    case biasAndNorm = "bias-and-norm"
  }

  /// A range of parameters with the same weight decay.
  struct ParameterGroup: Sendable {
    var range: Range<Int>
    let weightDecay: Float
  }

  /// The groups in order, which together cover the whole parameter vector.
  let groups: [ParameterGroup]
  /// The number of parameters in the vector.
  let count: Int

  /// Assigns the weight decay `factor` to the parameters of a layout, and 0 to those that are exempt.
  public init(_ factor: Float, of layout: VectorLayout, excluding exclusion: Exclusion = .none) {
    var groups: [ParameterGroup] = []
    for slice in layout.slices {
      let own = exclusion == .biasAndNorm && slice.isBiasOrNorm ? 0 : factor
      if groups.last?.weightDecay == own {
        groups[groups.count - 1].range = groups[groups.count - 1].range.lowerBound..<slice.range.upperBound
      } else {
        groups.append(ParameterGroup(range: slice.range, weightDecay: own))
      }
    }
    self.groups = groups
    count = layout.count
  }
}

extension VectorSlice {
  /// True for a bias, and for a scale or shift of a normalization, which are one-dimensional.
  var isBiasOrNorm: Bool { shape.count == 1 }
}
