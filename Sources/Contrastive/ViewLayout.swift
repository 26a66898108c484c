/// In which order a batch's rows are views of its samples: in each group view 0 of all its samples, then view 1, and so on.
///
///     2 samples a group, 2 views      row     0 1 2 3   4 5 6 7
///                                     sample  0 1 0 1   2 3 2 3
///                                     view    0 0 1 1   0 0 1 1
public struct ViewLayout: Sendable {
  /// How many samples stand together.
  public let samplesPerGroup: Int

  /// How many views each has.
  public let views: Int

  /// A layout.
  ///
  /// - Precondition: Both are positive.
  public init(samplesPerGroup: Int, views: Int) {
    precondition(samplesPerGroup > 0 && views > 0, "groups of \(samplesPerGroup) samples with \(views) views")
    self.samplesPerGroup = samplesPerGroup
    self.views = views
  }

  /// The sample that a row is a view of.
  public func sample(ofRow row: Int) -> Int {
    row / (samplesPerGroup * views) * samplesPerGroup + row % samplesPerGroup
  }

  /// Which of its sample's views a row is.
  public func view(ofRow row: Int) -> Int {
    row % (samplesPerGroup * views) / samplesPerGroup
  }
}
