/// The messages of a ``PiecewiseReduction`` of float32 vectors, counted without sending any.
///
/// The vectors are cut into pieces, which are exchanged as soon as they are complete, and each piece into parts. A part
/// takes two collectives: an all-to-all, in which every rank receives its slice of the partial sums of all others, and
/// an all-gather of the summed slices. Where hosts have several ranks, it takes both within each host and both across
/// hosts.
public struct ReductionMessages: Sendable {
  /// The number of elements of each part, `[piece][part]`.
  public let parts: [[Int]]
  /// The number of partial sums of each rank: one per largest subtree of the ``ShardTree`` with only its shards.
  public let partialSums: [Int]
  /// The number of partial sums of each host: one per largest subtree with only the shards of its ranks.
  public let hostPartialSums: [Int]

  /// Counts the messages of a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - pieces: The first element of each piece, ascending, from 0.
  ///   - shards: The range of shards of each rank.
  ///   - ranksPerHost: The number of consecutive ranks of each host, a divisor of their number.
  public init(length: Int, pieces: [Int], shards: BlockPartition, ranksPerHost: Int = 1) {
    let (byteCount, ranks) = (MemoryLayout<Float>.stride, shards.ranges.count)
    parts = zip(pieces, pieces.dropFirst() + [length]).map { lower, upper in
      Self.parts(of: lower..<upper, elementByteCount: byteCount, ranks: ranks).map(\.count)
    }
    let tree = ShardTree(leafCount: shards.ranges.map(\.upperBound).max() ?? 0)
    partialSums = shards.ranges.map { range in tree.maximalSubtrees(inside: range).count }
    hostPartialSums = tree.maximalSubtrees(ofEach: ranksPerHost, shards).map(\.count)
  }

  /// Returns the largest size of a part in bytes: 4 MiB, or 16 KiB per rank if that is more, but at most 32 MiB.
  ///
  /// Messages are then limited by bandwidth, not by latency and the work on each of them, and the buffers stay small.
  static func exchangedByteCount(ranks: Int) -> Int { min(max(4 << 20, ranks << 14), 32 << 20) }

  /// Returns the first element of each piece, for a vector that a backward pass completes from its end.
  ///
  /// - Parameters:
  ///   - bounds: The first element of each segment (range of elements that are completed together), ascending from 0.
  ///   - length: The number of elements in the vector.
  ///   - ranks: The number of ranks.
  /// - Returns: A subset of `bounds`, such that no piece is smaller than a part unless the whole vector is.
  public static func pieces(at bounds: [Int], length: Int, ranks: Int) -> [Int] {
    let least = exchangedByteCount(ranks: ranks)
    var (pieces, end) = ([Int](), length)
    for bound in bounds.reversed() where (end - bound) * MemoryLayout<Float>.stride >= least {
      pieces.append(bound)
      end = bound
    }
    // The first piece extends to 0 and includes any remainder below the minimum size.
    return [0] + pieces.reversed().dropFirst(pieces.isEmpty ? 0 : 1)
  }

  /// Returns the parts of a piece: the ranges of elements that are exchanged one after the other.
  static func parts(of piece: Range<Int>, elementByteCount: Int, ranks: Int) -> [Range<Int>] {
    let count = max(exchangedByteCount(ranks: ranks) / elementByteCount, 1)
    return stride(from: piece.lowerBound, to: max(piece.upperBound, piece.lowerBound + 1), by: count).map { lower in
      lower..<min(lower + count, piece.upperBound)
    }
  }
}
