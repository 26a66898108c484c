/// The variant of the contrastive loss: its sums, and the anchors, positives and negatives that they run over.
///
/// Each choice means the same as in the paper authors' TensorFlow code (google-research, `supcon/losses.py`). With
/// s_ij = z_i·z_j/τ, the positives P(i), the negatives N(i) (the rows of other classes), and A(i) = P(i) ∪ N(i), the
/// loss is the mean of
///
///     out   L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / D_ip )
///     in    L_i = −log( (1/|P(i)|) Σ_{p∈P(i)} e^{s_ip} / D_ip )
///
/// over the anchors that have a positive and, if D contains only negatives, a negative.
public struct LossVariant: Sendable, Equatable {
  /// The position of the sum over positives: outside or inside the logarithm.
  public enum Summation: String, CaseIterable, Sendable {
    /// L_out, the paper's equation 2: the sum is outside the logarithm.
    case outside = "out"
    /// L_in, the paper's equation 3: the sum is inside the logarithm.
    case inside = "in"
  }

  /// The choice of the rows that are anchors.
  public enum Anchors: String, CaseIterable, Sendable {
    /// Every view of each sample is an anchor.
    case all
    /// View 0 of each sample is an anchor; the other views are only contrasts.
    case one
  }

  /// The choice of the terms in the loss's denominator D_ip.
  public enum Denominator: String, CaseIterable, Sendable {
    /// The sum of e^{s_ia} over all other rows, a ∈ A(i).
    case all
    /// e^{s_ip − ε} plus the sum of e^{s_in} over the negatives n ∈ N(i), where ε is the ``LossVariant/margin``.
    case onePositive = "one-positive"
    /// The sum of e^{s_in} over the negatives n ∈ N(i).
    case onlyNegatives = "only-negatives"
  }

  /// The position of the sum over positives: outside or inside the logarithm.
  public var summation = Summation.outside
  /// The rows that are anchors.
  public var anchors = Anchors.all
  /// The terms of the loss's denominators.
  public var denominator = Denominator.all
  /// The largest number of an anchor's positives in addition to the other views of its own sample, a multiple of the
  /// number of views; `nil` for no limit.
  ///
  /// The positives are then all views of those samples of the class that come first in the global batch. Rows of the
  /// class beyond the limit are neither positives nor negatives of the anchor.
  public var positivesCap: Int?
  /// The margin ε, subtracted from s_ip in its own denominator (Barbano and others 2023, ε-SupInfoNCE); 0 for none.
  ///
  /// In units of s, that is, similarity ÷ τ. Used only if the denominators are ``Denominator/onePositive``.
  public var margin: Double = 0
  /// True if every class has a prototype: one more row, which is a contrast of all anchors, a positive of those of its
  /// class whatever the ``positivesCap``, and no anchor.
  public var hasPrototypes = false

  /// Creates the paper's L_out, without limit and margin.
  public init() {}

  /// True for L_out with all other rows in the denominators and no limit, which has the fastest loops
  /// (``StandardLoss``).
  var isStandard: Bool { summation == .outside && denominator == .all && positivesCap == nil }

  /// The number of statistics per row that every rank needs for the gradients of its rows.
  public var statisticsPerRow: Int {
    switch (summation, denominator) {
    case (.outside, .all), (.outside, .onlyNegatives): 1
    case (.inside, .all), (.inside, .onlyNegatives), (.outside, .onePositive): 2
    case (.inside, .onePositive): 3
    }
  }

  /// Returns |P(i)|, the number of positives of a row whose class has `count` rows, `views` of each sample and the
  /// prototype.
  public func positiveCount(ofClassWith count: Int, views: Int) -> Int {
    let viewCount = viewCount(ofClassWith: count)
    return (positivesCap.map { cap in min(viewCount, cap + views) } ?? viewCount) - 1 + (count - viewCount)
  }

  /// Returns the number of rows of a class with `count` rows that are views of samples.
  func viewCount(ofClassWith count: Int) -> Int { hasPrototypes ? count - 1 : count }
}
