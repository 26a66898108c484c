import Glibc
import Synchronization

/// The sum of one long vector (the gradient) per shard (fixed part of the global batch) over all ranks; finished pieces
/// are exchanged while the backward pass computes the others.
///
/// A *segment* is a range of elements that the backward pass completes at once; the last segments come first. A *piece*
/// is a range of segments that are exchanged between ranks together.
///
/// Within a rank, a segment is added along the ``ShardTree`` as soon as a shard has completed it
/// (``add(_:segment:shard:)``). A piece is exchanged as soon as all shards of the rank have added its segments, while
/// the rank's threads still compute earlier ones (``finish(over:waiting:unless:)``): each rank sends slice k of the
/// sums of its largest complete subtrees to rank k, which completes the tree for its slice, and the slices are
/// all-gathered. If the numbers of shards and ranks are powers of two, this moves as many bytes as Rabenseifner's
/// all-reduce. Additions are element by element, so the division into parts does not change any bit of the sums.
public final class PiecewiseReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int
  /// The ranges of elements that the backward pass completes at once (segments), ascending.
  public var segments: [Range<Int>] { sums.segments }

  /// The memory of the partial sums and of the total.
  let memory: SumMemory<Element>

  private let sums: PartialSums<Element>
  /// The ranges of segment indices whose segments are exchanged together (pieces), ascending.
  private let pieces: [Range<Int>]
  private let tree: ShardTree
  /// For each rank, the roots of the largest subtrees that contain only shards of this rank.
  private let owned: [[ShardTree.Node]]
  private let longestSegment: Int
  /// Unused buffers for segments, at most one for each thread that works at the same time.
  private let spares = Mutex<[[Element]]>([])
  private let buffers = Mutex(Buffers())

  /// The buffers of messages to and from other ranks.
  private struct Buffers {
    var sent: [Element] = []
    var received: [Element] = []
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - memory: The memory of the sums; several reductions may share it if only one is in progress at a time.
  ///   - bounds: The first element of each segment, ascending, from 0.
  ///   - pieces: The first element of each piece, ascending, from 0; a subset of the segments' first elements.
  ///   - runs: The range of shards of each rank.
  ///   - rank: The number of this rank.
  ///   - threads: The number of threads that add segments.
  public init(
    in memory: SumMemory<Element>, segments bounds: [Int], pieces: [Int], runs: BlockPartition, rank: Int,
    threads: Int
  ) {
    length = memory.length
    let tree = ShardTree(leafCount: runs.runs.map(\.upperBound).max() ?? 0)
    self.tree = tree
    self.memory = memory
    sums = PartialSums(memory, bounds: bounds, tree, run: runs[rank], threads: threads)
    longestSegment = sums.segments.map(\.count).max() ?? 0
    owned = runs.runs.map { run in tree.maximalSubtrees(inside: run) }
    let first = pieces.compactMap { piece in bounds.firstIndex(of: piece) }
    precondition(first.count == pieces.count && first.first == 0, "pieces at \(pieces) of segments at \(bounds)")
    self.pieces = zip(first, first.dropFirst() + [bounds.count]).map { lower, upper in lower..<upper }
  }

  /// Returns an estimate of the memory of a rank for sums, segments in progress, and messages.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - longestSegment: The number of elements of the longest segment.
  ///   - shards: The number of the rank's shards.
  ///   - threads: The number of threads that add segments.
  ///   - ranks: The number of ranks.
  /// - Returns: The bytes for sums and segments, and the bytes for messages.
  public static func byteCounts(
    length: Int, longestSegment: Int, shards: Int, threads: Int, ranks: Int
  ) -> (sums: Int, messages: Int) {
    let stride = MemoryLayout<Element>.stride
    let vectors = PartialSums<Element>.vectorCount(shards: shards, threads: threads)
    // One segment buffer for each thread, and one sum for every second thread.
    let segments = threads + max(0, threads / 2 - vectors)
    let message = min(ReductionMessages.exchangedByteCount(ranks: ranks), length * stride)
    return (
      sums: vectors * length * stride + segments * longestSegment * stride,
      // A rank with an uneven number of shards sends and receives the sums of at most two subtrees.
      messages: ranks > 1 ? 2 * message + message / 2 : 0
    )
  }

  /// Returns the index of the segment that begins at an element.
  public func segment(at first: Int) -> Int {
    guard let index = segments.firstIndex(where: { segment in segment.lowerBound == first }) else {
      preconditionFailure("no segment begins at \(first)")
    }
    return index
  }

  /// Calls `body` with a buffer as long as the longest segment, to be filled and passed to ``add(_:segment:shard:)``.
  ///
  /// Callable from any thread. The initial contents are undefined.
  public func withSegment<Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var spare = spares.withLock { spares in spares.popLast() } ?? Array(repeating: .zero, count: longestSegment)
    var elements = spare.mutableSpan
    try body(&elements)
    let used = spare
    spares.withLock { spares in spares.append(used) }
  }

  /// Adds one segment (range of elements) of a shard's vector.
  ///
  /// Callable from any thread; not collective.
  ///
  /// - Parameters:
  ///   - summand: The elements of the segment.
  ///   - segment: The index of the segment; each shard adds every segment exactly once.
  ///   - shard: The index of the shard in the global batch, one of this rank's.
  public func add(_ summand: Span<Element>, segment: Int, shard: Int) {
    sums.add(summand, segment: segment, shard: shard)
  }

  /// True if all shards of this rank have added all segments of their vectors.
  var isComplete: Bool { segments.indices.allSatisfy { segment in sums.isComplete(segment) } }

  /// Sums the vectors of all ranks into the total in ``memory``, each piece when this rank's shards have added it.
  ///
  /// Collective: every rank passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - waiting: The way in which the thread waits for other ranks.
  ///   - hasFailed: Called repeatedly while a piece is missing; if it returns true, because a thread has failed, the
  ///     remaining pieces are skipped.
  /// - Throws: `MPIError` if a collective fails.
  public func finish(
    over world: borrowing Communicator, waiting: Waiting, unless hasFailed: () -> Bool = { false }
  ) throws(MPIError) {
    var buffers = self.buffers.withLock { buffers in
      let taken = buffers
      buffers = Buffers()
      return taken
    }
    for piece in pieces.reversed() {
      while !piece.allSatisfy({ segment in sums.isComplete(segment) }) {
        if hasFailed() {
          return
        }
        usleep(Waiting.ownPauseMicroseconds)
      }
      try finish(piece, over: world, &buffers, waiting)
      sums.reset(piece)
    }
    let used = buffers
    self.buffers.withLock { buffers in buffers = used }
  }

  private func finish(
    _ piece: Range<Int>, over world: borrowing Communicator, _ buffers: inout Buffers, _ waiting: Waiting
  ) throws(MPIError) {
    if world.size == 1 {
      return sums.move(tree.root, piece)
    }
    let range = segments[piece.lowerBound].lowerBound..<segments[piece.upperBound - 1].upperBound
    let parts = ReductionMessages.parts(
      of: range, elementByteCount: MemoryLayout<Element>.stride, ranks: world.size)
    for part in parts {
      try exchange(part, over: world, &buffers.sent, &buffers.received, waiting)
    }
  }

  /// Sums a range of elements over all ranks: an all-to-all of slices of partial sums, an all-gather of sums.
  private func exchange(
    _ part: Range<Int>, over world: borrowing Communicator, _ sent: inout [Element], _ received: inout [Element],
    _ waiting: Waiting
  ) throws(MPIError) {
    let slices = BlockPartition(total: part.count, parts: world.size)
    let mine = owned[world.rank]
    let own = slices[world.rank]
    // Slice k of each partial sum is for rank k; this rank's own slices are copied to where those of other ranks will
    // arrive.
    resize(&sent, to: mine.count * part.count)
    copy(slices.runs, of: part, mine, into: &sent, at: 0)
    let receiveCounts = owned.map { nodes in nodes.count * own.count }
    resize(&received, to: receiveCounts.reduce(0, +))
    copy([own], of: part, mine, into: &received, at: receiveCounts[..<world.rank].reduce(0, +))
    try world.exchangeBlocks(
      sent.span, sendCounts: slices.runs.map { slice in slice.count * mine.count },
      into: &received, receiveCounts: receiveCounts, waiting: waiting)

    let additions = SliceSums<Element>(tree, owned: owned, count: own.count)
    try memory.withElements(part, ofVector: 0) { (total) throws(MPIError) in
      var place = total._mutatingExtracting(own)
      additions.finish(&received, into: &place)
      try world.allGatherInPlace(counts: slices.runs.map(\.count), into: &total, waiting: waiting)
    }
  }

  /// Copies slices of the sums of several tree nodes into a message, ordered by slice, then by node.
  private func copy(
    _ slices: [Range<Int>], of part: Range<Int>, _ nodes: [ShardTree.Node], into target: inout [Element],
    at start: Int
  ) {
    var position = start
    var elements = target.mutableSpan
    for slice in slices {
      for node in nodes {
        var place = elements._mutatingExtracting(position..<position + slice.count)
        sums.copy(node, part.lowerBound + slice.lowerBound..<part.lowerBound + slice.upperBound, into: &place)
        position += slice.count
      }
    }
  }

  private func resize(_ elements: inout [Element], to count: Int) {
    if elements.count != count {
      elements = Array(repeating: .zero, count: count)
    }
  }
}
