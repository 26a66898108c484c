/// The division of `total` consecutive items into contiguous runs, one for each of `parts` owners, as even as possible.
public struct BlockPartition: Sendable {
  /// The runs in the order of their owners; some are empty if there are more owners than items.
  public let runs: [Range<Int>]

  /// Divides `0 ..< total` into `parts` runs.
  public init(total: Int, parts: Int) {
    runs = (0..<parts).map { part in total * part / parts..<total * (part + 1) / parts }
  }

  /// The run of one owner.
  public subscript(owner: Int) -> Range<Int> { runs[owner] }
}
