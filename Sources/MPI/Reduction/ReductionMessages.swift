/// The messages of a ``PiecewiseReduction`` of float32 vectors, counted without sending any.
///
/// Each part of the vectors takes two collectives: an all-to-all, in which every rank receives its slice of the partial sums of all others,
/// and an all-gather of the summed slices.
public struct ReductionMessages: Sendable {
  /// The numbers of elements in the parts of each piece, in the order of the pieces.
  public let parts: [[Int]]
  /// The number of partial sums of each rank: its maximal subtrees.
  public let partialSums: [Int]

  /// The largest number of bytes of a vector that are exchanged at once.
  ///
  /// Messages of this size are limited by the transfer, not by latency, and the buffers stay small.
  static let largestByteCount = 4 << 20

  /// Counts the messages of a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - pieces: The first element of each piece, ascending, from 0.
  ///   - runs: The shards of each rank.
  public init(length: Int, pieces: [Int], runs: BlockPartition) {
    let byteCount = MemoryLayout<Float>.stride
    parts = zip(pieces, pieces.dropFirst() + [length]).map { lower, upper in
      Self.parts(of: lower..<upper, elementByteCount: byteCount).map(\.count)
    }
    let tree = ShardTree(leafCount: runs.runs.map(\.upperBound).max() ?? 0)
    partialSums = runs.runs.map { run in tree.maximalSubtrees(inside: run).count }
  }

  /// The parts of a piece that are exchanged one after the other.
  static func parts(of piece: Range<Int>, elementByteCount: Int) -> [Range<Int>] {
    let count = max(largestByteCount / elementByteCount, 1)
    return stride(from: piece.lowerBound, to: max(piece.upperBound, piece.lowerBound + 1), by: count).map { lower in
      lower..<min(lower + count, piece.upperBound)
    }
  }
}
