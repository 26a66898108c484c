/// The arrays that define the positives and negatives of the rows of a global batch, for the loops over tiles (see
/// ``LossPairs``).
@unsafe
struct PairTable {
  /// The class of each row of the global batch.
  let classes: UnsafePointer<Int32>
  /// The index of each row's sample within its class.
  let sampleNumbers: UnsafePointer<Int32>
  /// The largest number of samples, in addition to an anchor's own, whose views are positives of the anchor.
  let keptSamples: Int32

  /// Returns true if a row is a positive of an anchor; also true for the anchor itself.
  func isPositive(_ row: Int, ofAnchor anchor: Int) -> Bool {
    unsafe classes[row] == classes[anchor]
      && (sampleNumbers[row] < keptSamples || sampleNumbers[row] == max(sampleNumbers[anchor], keptSamples))
  }
}

/// A subset of the rows other than an anchor.
enum PairSelection: Sendable {
  /// The positives P(i) of the anchor i.
  case positives
  /// The negatives N(i) of the anchor i.
  case negatives
  /// The positives and negatives A(i) of the anchor i.
  case positivesAndNegatives
}
