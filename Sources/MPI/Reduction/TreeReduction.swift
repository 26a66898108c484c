/// The sum of one vector per shard (fixed part of the global batch) over all ranks, in the order of a ``ShardTree``.
///
/// It is a ``PiecewiseReduction`` with a single segment.
public final class TreeReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int

  private let reduction: PiecewiseReduction<Element>

  /// Prepares a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - shards: The range of shards of each rank.
  ///   - rank: The number of this rank.
  public init(length: Int, shards: BlockPartition, rank: Int) {
    self.length = length
    reduction = PiecewiseReduction(
      in: SumMemory(length: length), segments: [0], pieces: [0], shards: shards, rank: rank, threads: 1)
  }

  /// True if all shards of this rank were added, so that ``finish(over:into:waiting:)`` may be called.
  public var isComplete: Bool { reduction.isComplete }

  /// Adds the vector of one shard (part of the global batch).
  ///
  /// Callable from any thread; not collective.
  ///
  /// - Parameters:
  ///   - vector: The summand.
  ///   - shard: The index of the shard in the global batch, one of this rank's.
  public func add(_ vector: Span<Element>, shard: Int) {
    reduction.add(vector, segment: 0, shard: shard)
  }

  /// Sums the vectors of all ranks, and prepares for the next sum.
  ///
  /// Collective: every rank calls it after all its shards were added, and passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - total: Receives the `length` sums.
  ///   - waiting: The way in which the thread waits for other ranks.
  /// - Throws: `MPIError` if a collective fails.
  public func finish(
    over world: borrowing Communicator, into total: inout [Element], waiting: Waiting = .spinning
  ) throws(MPIError) {
    precondition(total.count == length, "total holds \(total.count) elements, not \(length)")
    precondition(isComplete, "shards of this rank were not added")
    try reduction.finish(over: world, waiting: waiting)
    reduction.memory.withTotal { sums in
      var elements = total.mutableSpan
      elements.copy(from: sums)
    }
  }
}
