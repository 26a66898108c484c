/// The division of `total` consecutive items into `parts` contiguous ranges, one per owner, of sizes that differ by at
/// most 1.
public struct BlockPartition: Sendable {
  /// The ranges in the order of their owners; some are empty if there are more owners than items.
  public let runs: [Range<Int>]

  /// Divides `0 ..< total` into `parts` ranges.
  public init(total: Int, parts: Int) {
    runs = (0..<parts).map { part in total * part / parts..<total * (part + 1) / parts }
  }

  /// The range of items that belong to one owner.
  public subscript(owner: Int) -> Range<Int> { runs[owner] }
}
