import NeuralNet

/// Weight decay per parameter group.
public struct WeightDecay: Sendable {
  /// The parameters without weight decay.
  public enum Exclusion: String, Sendable, CaseIterable {
    /// None: all parameters decay.
    case none
    /// Biases, and the scales and shifts of normalizations.
    case biasAndNorm = "bias-and-norm"
  }

  /// Neighboring parameters with one weight decay.
  struct ParameterGroup: Sendable {
    var range: Range<Int>
    let weightDecay: Float
  }

  /// The groups in order; together the whole vector.
  let groups: [ParameterGroup]
  /// The number of parameters.
  let count: Int

  /// The weight decay `factor` for a vector of some layout, 0 for the excluded parameters.
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
  /// True for a bias, and for a scale or shift of a normalization.
  var isBiasOrNorm: Bool { shape.count == 1 }
}
