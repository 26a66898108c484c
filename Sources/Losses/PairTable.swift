/// The relation of positives and negatives among the rows of a global batch, as the loops over tiles read it (``LossPairs`` defines it).
@unsafe
struct PairTable {
  /// The class of each row.
  let classes: UnsafePointer<Int32>
  /// The number of each row's sample within its class.
  let sampleNumbers: UnsafePointer<Int32>
  /// The maximum number of samples of its class that an anchor has as positives in addition to its own.
  let keptSamples: Int32

  /// True if another row is a positive of an anchor; true of the anchor itself.
  func isPositive(_ row: Int, ofAnchor anchor: Int) -> Bool {
    unsafe classes[row] == classes[anchor]
      && (sampleNumbers[row] < keptSamples || sampleNumbers[row] == max(sampleNumbers[anchor], keptSamples))
  }
}

/// A selection among the other rows of an anchor.
enum PairSelection: Sendable {
  /// P(i).
  case positives
  /// N(i).
  case negatives
  /// A(i).
  case positivesAndNegatives
}
