/// The division of `total` consecutive items into contiguous ranges, one per owner: of sizes that differ by at most 1,
/// or by weights.
public struct BlockPartition: Sendable {
  /// The ranges in the order of their owners; some are empty if there are more owners than items.
  public let ranges: [Range<Int>]

  /// Divides `0 ..< total` into `parts` ranges of sizes that differ by at most 1.
  public init(total: Int, parts: Int) {
    ranges = (0..<parts).map { part in total * part / parts..<total * (part + 1) / parts }
  }

  /// Divides `0 ..< total` into a range for each weight, about in proportion; none is empty if there are enough items.
  ///
  /// Weights that sum to `total` are the sizes of the ranges.
  public init(total: Int, weights: [Int]) {
    precondition(weights.allSatisfy { weight in weight > 0 }, "weights \(weights)")
    let (sum, least) = (max(weights.reduce(0, +), 1), total >= weights.count ? 1 : 0)
    var (bound, before) = (0, 0)
    ranges = weights.enumerated().map { owner, weight in
      before += weight
      let later = least * (weights.count - 1 - owner)
      let end = max(min(total * before / sum, total - later), bound + least)
      defer { bound = end }
      return bound..<end
    }
  }

  /// The range of items that belong to one owner.
  public subscript(owner: Int) -> Range<Int> { ranges[owner] }
}
