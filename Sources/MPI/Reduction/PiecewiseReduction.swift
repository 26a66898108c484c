import Glibc
import Synchronization

/// A sum of one long vector per shard over all shards, in pieces, the last piece first: the order in which a backward pass produces them.
///
/// Each piece is a ``TreeReduction`` of its own. The tree adds element by element, so the sums have the bits of a reduction in one piece; but
/// a piece that all shards of a rank have added can be exchanged (``finish(over:into:waiting:unless:)``) while the rank's threads still
/// compute the earlier pieces.
public final class PiecewiseReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int

  private let pieces: [Piece]
  /// Spare vectors, at most one for each thread that works at the same time.
  private let vectors = Mutex<[[Element]]>([])

  private struct Piece {
    let range: Range<Int>
    let reduction: TreeReduction<Element>
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - bounds: The first element of each piece, ascending, from 0.
  ///   - runs: The shards of each rank.
  ///   - rank: This rank.
  public init(length: Int, bounds: [Int], runs: BlockPartition, rank: Int) {
    precondition(bounds.first == 0 && bounds.allSatisfy { bound in bound < length }, "pieces of \(length): \(bounds)")
    self.length = length
    pieces = zip(bounds, bounds.dropFirst() + [length]).map { lower, upper in
      Piece(
        range: lower..<upper,
        reduction: TreeReduction(length: upper - lower, runs: runs, rank: rank))
    }
  }

  /// Lends a vector to be filled and passed to ``add(_:_:shard:)``; its contents are undefined.
  ///
  /// Callable from any thread.
  public func withVector<Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var vector = vectors.withLock { vectors in vectors.popLast() } ?? Array(repeating: .zero, count: length)
    var elements = vector.mutableSpan
    try body(&elements)
    let used = vector
    vectors.withLock { vectors in vectors.append(used) }
  }

  /// Adds the pieces of one shard's vector that begin in a range.
  ///
  /// Callable from any thread; not collective.
  ///
  /// - Parameters:
  ///   - vector: The whole vector, in which at least these pieces are complete.
  ///   - beginnings: The range that contains their first elements; over all calls for a shard, each piece once.
  ///   - shard: The shard's number in the global batch; this rank owns it.
  public func add(_ vector: Span<Element>, _ beginnings: Range<Int>, shard: Int) {
    for piece in pieces where beginnings.contains(piece.range.lowerBound) {
      piece.reduction.add(vector.extracting(piece.range), shard: shard)
    }
  }

  /// Sums the vectors of all ranks and resets, each piece as soon as this rank's shards have added it.
  ///
  /// Collective: every rank passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - total: Receives `length` sums.
  ///   - waiting: The thread's behavior while it waits for other ranks.
  ///   - hasFailed: Returns true if missing pieces will never be added; polled while one is missing, and if true the remaining pieces are skipped.
  /// - Throws: `MPIError` if a collective fails.
  public func finish(
    over world: borrowing Communicator, into total: inout [Element], waiting: Waiting, unless hasFailed: () -> Bool
  ) throws(MPIError) {
    precondition(total.count == length, "total holds \(total.count) elements, not \(length)")
    var elements = total.mutableSpan
    for piece in pieces.reversed() {
      while !piece.reduction.isComplete {
        if hasFailed() {
          return
        }
        usleep(Waiting.ownPauseMicroseconds)
      }
      var sums = elements._mutatingExtracting(piece.range)
      try piece.reduction.finish(over: world, into: &sums, waiting: waiting)
    }
  }
}
