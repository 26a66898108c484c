/// The order of a batch's rows: within each group of samples (a shard), view 0 of all samples, then view 1, and so on.
///
///     2 samples per group, 2 views    row     0 1 2 3   4 5 6 7
///                                     sample  0 1 0 1   2 3 2 3
///                                     view    0 0 1 1   0 0 1 1
public struct RowOrder: Sendable {
  /// The number of samples in a group.
  public let samplesPerGroup: Int

  /// The number of views of each sample.
  public let views: Int

  /// Creates a row order.
  ///
  /// - Precondition: Both numbers are positive.
  public init(samplesPerGroup: Int, views: Int) {
    precondition(samplesPerGroup > 0 && views > 0, "groups of \(samplesPerGroup) samples with \(views) views")
    self.samplesPerGroup = samplesPerGroup
    self.views = views
  }

  /// Returns the index of the sample that a row is a view of.
  public func sample(ofRow row: Int) -> Int {
    row / (samplesPerGroup * views) * samplesPerGroup + row % samplesPerGroup
  }

  /// Returns the index of a row's view within its sample.
  public func view(ofRow row: Int) -> Int {
    row % (samplesPerGroup * views) / samplesPerGroup
  }
}
