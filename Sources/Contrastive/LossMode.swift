/// Which of the contrastive losses: what is summed where, over which anchors, positives and negatives.
///
/// The meaning of each choice is that of the paper's authors' TensorFlow code (google-research, `supcon/losses.py`). With
/// s_ij = z_i·z_j/τ, the positives P(i), the negatives N(i), the rows of other classes, and A(i) = P(i) ∪ N(i), the loss is the mean of
///
///     out   L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / D_ip )
///     in    L_i = −log( (1/|P(i)|) Σ_{p∈P(i)} e^{s_ip} / D_ip )
///
/// over the anchors that have a positive, and, where negatives alone stand in D, a negative.
public struct LossMode: Sendable, Equatable {
  /// Where positives are summed.
  public enum Summation: String, CaseIterable, Sendable {
    /// L_out, the paper's equation 2: outside the logarithm.
    case outside = "out"
    /// L_in, its equation 3: inside.
    case inside = "in"
  }

  /// Which rows are anchors.
  public enum Anchors: String, CaseIterable, Sendable {
    /// Every view of each sample.
    case all
    /// View 0 of each sample; the others are its contrasts.
    case one
  }

  /// What D_ip sums.
  public enum Denominator: String, CaseIterable, Sendable {
    /// e^{s_ia} over A(i).
    case all
    /// e^{s_ip} and e^{s_in} over N(i).
    case onePositive = "one-positive"
    /// e^{s_in} over N(i).
    case onlyNegatives = "only-negatives"
  }

  /// Where positives are summed.
  public var summation = Summation.outside
  /// Which rows are anchors.
  public var anchors = Anchors.all
  /// What the denominators sum.
  public var denominator = Denominator.all
  /// At most so many positives besides the other views of the anchor's own sample, a multiple of the views; `nil` for no cap.
  ///
  /// Kept are all views of the samples that come first in the batch, whatever ranks hold them. What is beyond the cap is neither positive
  /// nor negative of this anchor.
  public var positivesCap: Int?

  /// The paper's L_out, without any cap.
  public init() {}

  /// Whether ℓ_i and the class sums are all that the loss takes: L_out over all of A(i), which has the fastest loops.
  var isStandard: Bool { summation == .outside && denominator == .all && positivesCap == nil }

  /// How many numbers of each row every rank needs for the gradients of its own.
  public var statisticsPerRow: Int {
    switch (summation, denominator) {
    case (.outside, .all), (.outside, .onlyNegatives): 1
    case (.inside, .all), (.inside, .onlyNegatives), (.outside, .onePositive): 2
    case (.inside, .onePositive): 3
    }
  }

  /// |P(i)| of a row whose class has `count` rows of `views` views each.
  public func positiveCount(ofClassWith count: Int, views: Int) -> Int {
    (positivesCap.map { cap in min(count, cap + views) } ?? count) - 1
  }
}
