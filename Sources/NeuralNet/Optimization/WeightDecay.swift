/// How strongly parameters are pulled towards 0: one factor for each stretch of their vector.
public struct WeightDecay: Sendable {
  /// Which parameters are left alone.
  public enum Exclusion: String, Sendable, CaseIterable {
    /// All are pulled.
    case none
    /// Biases, and the scales and shifts of normalizations: all that are no matrices or filters.
    case biasAndNorm = "bias-and-norm"
  }

  /// Neighboring parameters with one factor.
  struct Stretch: Sendable {
    var range: Range<Int>
    let factor: Float
  }

  /// All of the vector, in order.
  let stretches: [Stretch]
  /// How many parameters there are.
  let count: Int

  /// The pull `factor` on a vector of some layout.
  public init(_ factor: Float, of layout: VectorLayout, excluding exclusion: Exclusion = .none) {
    var stretches: [Stretch] = []
    for slice in layout.slices {
      let own = exclusion == .biasAndNorm && slice.isBiasOrNorm ? 0 : factor
      if stretches.last?.factor == own {
        stretches[stretches.count - 1].range = stretches[stretches.count - 1].range.lowerBound..<slice.range.upperBound
      } else {
        stretches.append(Stretch(range: slice.range, factor: own))
      }
    }
    self.stretches = stretches
    count = layout.count
  }
}

extension VectorSlice {
  /// Whether it is a bias, or a scale or shift of a normalization.
  var isBiasOrNorm: Bool { shape.count == 1 }
}
