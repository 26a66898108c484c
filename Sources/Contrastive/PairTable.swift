/// Which rows of a global batch are positives and negatives of each other, as the loops over tiles read it (``LossPairs`` says why).
@unsafe
public struct PairTable {
  /// The class of each row.
  let classes: UnsafePointer<Int32>
  /// The number of each row's sample within its class.
  let sampleNumbers: UnsafePointer<Int32>
  /// How many samples of its class an anchor has as positives besides its own one.
  let keptSamples: Int32

  /// Whether another row is a positive of an anchor; true of the anchor itself.
  func isPositive(_ row: Int, ofAnchor anchor: Int) -> Bool {
    unsafe classes[row] == classes[anchor]
      && (sampleNumbers[row] < keptSamples || sampleNumbers[row] == max(sampleNumbers[anchor], keptSamples))
  }
}

/// Which other rows of an anchor are meant.
public enum PairSelection: Sendable {
  /// P(i).
  case positives
  /// N(i).
  case negatives
  /// A(i).
  case positivesAndNegatives
}
