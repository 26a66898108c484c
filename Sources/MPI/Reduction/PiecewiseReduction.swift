import Glibc
import Synchronization

/// A sum of one long vector per shard over all shards, in segments, about the last one first: the order in which a backward pass completes
/// them.
///
/// Within a rank, each segment is added along the tree as soon as a shard has it (``add(_:segment:shard:)``). The segments of a *piece* are
/// exchanged together, as soon as all shards of the rank have added them, while the rank's threads still compute the earlier ones
/// (``finish(over:waiting:unless:)``): each rank sends slice `k` of its maximal subtrees to rank `k`, which completes the tree on its slice,
/// and the slices are gathered. For aligned powers of two this moves as many bytes as Rabenseifner's all-reduce. The tree adds element by
/// element, so the sums have the bits of a reduction in one piece.
public final class PiecewiseReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int
  /// The segments, ascending.
  public var segments: [Range<Int>] { sums.segments }

  /// The memory of the sums.
  let memory: SumMemory<Element>

  private let sums: PartialSums<Element>
  /// The segments of each piece, by their numbers.
  private let pieces: [Range<Int>]
  private let tree: ShardTree
  /// The maximal subtrees of each rank.
  private let owned: [[ShardTree.Node]]
  private let longestSegment: Int
  /// Spare memory for segments, at most one for each thread that works at the same time.
  private let spares = Mutex<[[Element]]>([])
  private let buffers = Mutex(Buffers())

  /// The slices of partial sums on their way to other ranks and from them.
  private struct Buffers {
    var sent: [Element] = []
    var received: [Element] = []
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - memory: The memory of the sums; of several reductions in it one is in progress at a time.
  ///   - bounds: The first element of each segment, ascending, from 0.
  ///   - pieces: The first element of each piece, ascending, from 0; some of the segments' first elements.
  ///   - runs: The shards of each rank.
  ///   - rank: This rank.
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

  /// The estimated bytes of a rank's sums, the segments in progress, and the messages.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - longestSegment: The number of elements of the longest segment.
  ///   - shards: The number of the rank's shards.
  ///   - threads: The number of threads that add segments.
  ///   - ranks: The number of ranks.
  /// - Returns: The bytes of the sums with the segments, and those of the messages.
  public static func byteCounts(
    length: Int, longestSegment: Int, shards: Int, threads: Int, ranks: Int
  ) -> (sums: Int, messages: Int) {
    let stride = MemoryLayout<Element>.stride
    let vectors = PartialSums<Element>.vectorCount(shards: shards, threads: threads)
    // Each thread's segment, and a sum of every second one.
    let segments = threads + max(0, threads / 2 - vectors)
    let message = min(ReductionMessages.exchangedByteCount(ranks: ranks), length * stride)
    return (
      sums: vectors * length * stride + segments * longestSegment * stride,
      // Two subtrees at most of a rank with an uneven share, sent and, as slices of all ranks, received.
      messages: ranks > 1 ? 2 * message + message / 2 : 0
    )
  }

  /// The number of the segment that begins at an element.
  public func segment(at first: Int) -> Int {
    guard let index = segments.firstIndex(where: { segment in segment.lowerBound == first }) else {
      preconditionFailure("no segment begins at \(first)")
    }
    return index
  }

  /// Lends memory as long as the longest segment, to be filled and passed to ``add(_:segment:shard:)``; its contents are undefined.
  ///
  /// Callable from any thread.
  public func withSegment<Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var spare = spares.withLock { spares in spares.popLast() } ?? Array(repeating: .zero, count: longestSegment)
    var elements = spare.mutableSpan
    try body(&elements)
    let used = spare
    spares.withLock { spares in spares.append(used) }
  }

  /// Adds a segment of one shard's vector.
  ///
  /// Callable from any thread; not collective.
  ///
  /// - Parameters:
  ///   - summand: The elements of the segment.
  ///   - segment: The number of the segment; over all calls for a shard, each one once.
  ///   - shard: The shard's number in the global batch; this rank owns it.
  public func add(_ summand: Span<Element>, segment: Int, shard: Int) {
    sums.add(summand, segment: segment, shard: shard)
  }

  /// True if all shards of this rank have added all segments.
  var isComplete: Bool { segments.indices.allSatisfy { segment in sums.isComplete(segment) } }

  /// Sums the vectors of all ranks into the memory's total, each piece as soon as this rank's shards have added it.
  ///
  /// Collective: every rank passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - waiting: The thread's behavior while it waits for other ranks.
  ///   - hasFailed: Returns true if missing pieces will never be added; polled while one is missing, and if true the remaining pieces are skipped.
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

  /// Completes the tree on a part of the vectors.
  private func exchange(
    _ part: Range<Int>, over world: borrowing Communicator, _ sent: inout [Element], _ received: inout [Element],
    _ waiting: Waiting
  ) throws(MPIError) {
    let slices = BlockPartition(total: part.count, parts: world.size)
    let mine = owned[world.rank]
    let own = slices[world.rank]
    // Slice k of each partial sum, for rank k; the slices for this rank go where those of other ranks arrive.
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

  /// Copies slices of a part of some nodes' sums, all nodes' of one slice after the other.
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
