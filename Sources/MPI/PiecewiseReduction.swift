import Glibc
import Synchronization

/// Adds one long vector per shard over all shards, in pieces, the last piece first: as a backward pass makes it.
///
/// Each piece is a ``TreeReduction`` of its own. As the tree adds element by element, the sums have the bits of a reduction in one piece; but
/// pieces that all shards of a rank have brought can cross to the other ranks (``finish(over:into:waiting:unless:)``) while its threads still
/// compute the pieces before.
public final class PiecewiseReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int

  private let pieces: [Piece]
  /// Vectors to fill, one for each thread that asked.
  private let vectors = Mutex<[[Element]]>([])

  private struct Piece {
    let range: Range<Int>
    let reduction: TreeReduction<Element>
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - bounds: Where pieces begin, ascending, the first at 0.
  ///   - runs: Which shards each rank owns; together all shards.
  ///   - rank: This rank.
  ///   - order: The tree, or the control.
  public init(length: Int, bounds: [Int], runs: BlockPartition, rank: Int, order: ReductionOrder) {
    precondition(bounds.first == 0 && bounds.allSatisfy { bound in bound < length }, "pieces of \(length): \(bounds)")
    self.length = length
    pieces = zip(bounds, bounds.dropFirst() + [length]).map { lower, upper in
      Piece(
        range: lower..<upper,
        reduction: TreeReduction(length: upper - lower, runs: runs, rank: rank, order: order))
    }
  }

  /// Lends a vector to fill and to give to ``add(_:_:shard:)``; its contents are undefined.
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
  ///   - vector: The whole vector, of which at least these pieces are complete.
  ///   - beginnings: Where they begin; over the calls of a shard each piece once.
  ///   - shard: The shard's number in the global batch, one that this rank owns.
  public func add(_ vector: Span<Element>, _ beginnings: Range<Int>, shard: Int) {
    for piece in pieces where beginnings.contains(piece.range.lowerBound) {
      piece.reduction.add(vector.extracting(piece.range), shard: shard)
    }
  }

  /// Adds what all ranks were given and forgets it, each piece as soon as this rank's shards have brought it.
  ///
  /// Collective: all ranks wait in the same way.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - total: Receives `length` sums.
  ///   - waiting: What this thread does while other ranks are awaited.
  ///   - hasFailed: Whether pieces that are missing will never come; asked while one is missing, and then the rest is left.
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
