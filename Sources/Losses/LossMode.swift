/// The variant of the contrastive loss: the sums, and the anchors, positives and negatives that they run over.
///
/// The meaning of each choice is that of the paper's authors' TensorFlow code (google-research, `supcon/losses.py`). With
/// s_ij = z_i·z_j/τ, the positives P(i), the negatives N(i), the rows of other classes, and A(i) = P(i) ∪ N(i), the loss is the mean of
///
///     out   L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / D_ip )
///     in    L_i = −log( (1/|P(i)|) Σ_{p∈P(i)} e^{s_ip} / D_ip )
///
/// over the anchors that have a positive and, where D sums negatives only, a negative.
public struct LossMode: Sendable, Equatable {
  /// The place of the sum over positives.
  public enum Summation: String, CaseIterable, Sendable {
    /// L_out, the paper's equation 2: outside the logarithm.
    case outside = "out"
    /// L_in, its equation 3: inside.
    case inside = "in"
  }

  /// The rows that are anchors.
  public enum Anchors: String, CaseIterable, Sendable {
    /// Every view of each sample.
    case all
    /// View 0 of each sample; the others are its contrasts.
    case one
  }

  /// The terms of D_ip.
  public enum Denominator: String, CaseIterable, Sendable {
    /// e^{s_ia} over A(i).
    case all
    /// e^{s_ip − ε} and e^{s_in} over N(i), with the ``LossMode/margin`` ε.
    case onePositive = "one-positive"
    /// e^{s_in} over N(i).
    case onlyNegatives = "only-negatives"
  }

  /// The place of the sum over positives.
  public var summation = Summation.outside
  /// The rows that are anchors.
  public var anchors = Anchors.all
  /// The terms of the denominators.
  public var denominator = Denominator.all
  /// The maximum number of positives in addition to the other views of the anchor's own sample, a multiple of the views; `nil` for no cap.
  ///
  /// Kept are all views of the samples that come first in the batch, whatever ranks hold them. What is beyond the cap is neither positive
  /// nor negative of this anchor.
  public var positivesCap: Int?
  /// ε, subtracted from s_ip in its own denominator (Barbano and others 2023, ε-SupInfoNCE); 0 for none.
  ///
  /// In units of s, that is of similarity ÷ τ. Read only where the denominators are ``Denominator/onePositive``.
  public var margin: Double = 0

  /// The paper's L_out, without cap and margin.
  public init() {}

  /// True for L_out over all of A(i), which has the fastest loops (``StandardLoss``).
  var isStandard: Bool { summation == .outside && denominator == .all && positivesCap == nil }

  /// The number of values of each row that every rank needs for the gradients of its own rows.
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
