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
/// all-reduce. Where several hosts have several ranks each, the ranks of a host do so first, and then hosts exchange
/// one vector each. Additions are element by element and in the order of the tree, so neither the division into parts
/// nor the levels change any bit of the sums.
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
  /// The range of shards of each rank.
  private let shards: BlockPartition
  /// For each rank, the roots of the largest subtrees that contain only shards of this rank.
  private let owned: [[ShardTree.Node]]
  private let longestSegment: Int
  /// Unused buffers for segments, at most one for each thread that works at the same time.
  private let spares = Mutex<[[Element]]>([])
  private let exchanges = Mutex(Exchanges())

  /// The messages among all ranks; in two levels, those within a host and those across hosts.
  private struct Exchanges {
    var first = SliceExchange<Element>()
    var second = SliceExchange<Element>()
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - memory: The memory of the sums; several reductions may share it if only one is in progress at a time.
  ///   - bounds: The first element of each segment, ascending, from 0.
  ///   - pieces: The first element of each piece, ascending, from 0; a subset of the segments' first elements.
  ///   - shards: The range of shards of each rank.
  ///   - rank: The number of this rank.
  ///   - threads: The number of threads that add segments.
  public init(
    in memory: SumMemory<Element>, segments bounds: [Int], pieces: [Int], shards: BlockPartition, rank: Int,
    threads: Int
  ) {
    length = memory.length
    let tree = ShardTree(leafCount: shards.ranges.map(\.upperBound).max() ?? 0)
    self.tree = tree
    self.shards = shards
    self.memory = memory
    sums = PartialSums(memory, bounds: bounds, tree, shards: shards[rank], threads: threads)
    longestSegment = sums.segments.map(\.count).max() ?? 0
    owned = shards.ranges.map { range in tree.maximalSubtrees(inside: range) }
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
  ///   - ranksPerHost: The number of ranks on each host.
  /// - Returns: The bytes for sums and segments, and the bytes for messages.
  public static func byteCounts(
    length: Int, longestSegment: Int, shards: Int, threads: Int, ranks: Int, ranksPerHost: Int
  ) -> (sums: Int, messages: Int) {
    let stride = MemoryLayout<Element>.stride
    let vectors = PartialSums<Element>.vectorCount(shards: shards, threads: threads)
    // One segment buffer for each thread, and one sum for every second thread.
    let segments = threads + max(0, threads / 2 - vectors)
    let message = min(ReductionMessages.exchangedByteCount(ranks: ranks), length * stride)
    // A rank with an uneven number of shards sends and receives the sums of at most two subtrees.
    let exchange = 2 * message + message / 2
    // In two levels, a rank also exchanges its slice of the host's sums with other hosts.
    let isTwoLevel = 1 < ranksPerHost && ranksPerHost < ranks
    let messages = exchange + (isTwoLevel ? exchange / ranksPerHost : 0)
    return (
      sums: vectors * length * stride + segments * longestSegment * stride, messages: ranks > 1 ? messages : 0
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
    var exchanges = self.exchanges.withLock { exchanges in
      let taken = exchanges
      exchanges = Exchanges()
      return taken
    }
    for piece in pieces.reversed() {
      while !piece.allSatisfy({ segment in sums.isComplete(segment) }) {
        if hasFailed() {
          return
        }
        usleep(Waiting.ownPauseMicroseconds)
      }
      try finish(piece, over: world, &exchanges, waiting)
      sums.reset(piece)
    }
    let used = exchanges
    self.exchanges.withLock { exchanges in exchanges = used }
  }

  /// Sums one piece over all ranks, part by part.
  ///
  /// Collective.
  private func finish(
    _ piece: Range<Int>, over world: borrowing Communicator, _ exchanges: inout Exchanges, _ waiting: Waiting
  ) throws(MPIError) {
    if world.size == 1 {
      return sums.move(tree.root, piece)
    }
    let range = segments[piece.lowerBound].lowerBound..<segments[piece.upperBound - 1].upperBound
    let parts = ReductionMessages.parts(
      of: range, elementByteCount: MemoryLayout<Element>.stride, ranks: world.size)
    for part in parts {
      if let levels = world.hostLevels {
        try sum(part, over: levels, &exchanges, waiting)
      } else {
        try sum(part, over: world, &exchanges.first, waiting)
      }
    }
  }

  /// Sums a range of elements over all ranks: an all-to-all of slices of partial sums, an all-gather of sums.
  ///
  /// Collective.
  private func sum(
    _ part: Range<Int>, over world: borrowing Communicator, _ exchange: inout SliceExchange<Element>,
    _ waiting: Waiting
  ) throws(MPIError) {
    let additions = try exchange.run(
      owned, count: part.count, tree, over: world, waiting, copy: partialSums(of: part))
    let slices = BlockPartition(total: part.count, parts: world.size)
    try memory.withElements(part, ofVector: 0) { (total) throws(MPIError) in
      var slice = total._mutatingExtracting(slices[world.rank])
      additions.finish(&exchange.received, into: &slice)
      try world.allGatherInPlace(counts: slices.ranges.map(\.count), into: &total, waiting: waiting)
    }
  }

  /// Sums a range of elements in two levels, so that each host sends and receives it once, whatever its ranks.
  ///
  /// The ranks of a host exchange slices of their partial sums, and each completes the host's sums of its slice. The
  /// ranks in the same place on all hosts do the same with slices of this slice, and all-gather it; then the ranks of a
  /// host all-gather the whole.
  ///
  /// Collective.
  private func sum(
    _ part: Range<Int>, over levels: HostLevels, _ exchanges: inout Exchanges, _ waiting: Waiting
  ) throws(MPIError) {
    let (place, host) = (levels.withinHost.rank, levels.acrossHosts.rank)
    let (ranks, hosts) = (levels.withinHost.size, levels.acrossHosts.size)
    let first = host * ranks
    let hostAdditions = try exchanges.first.run(
      Array(owned[first..<first + ranks]), count: part.count, tree, over: levels.withinHost, waiting,
      copy: partialSums(of: part))
    let hostNodes = tree.maximalSubtrees(ofEach: ranks, shards)
    let starts = hostAdditions.complete(hostNodes[host], &exchanges.first.received)
    let hostSums = exchanges.first.received
    let slices = BlockPartition(total: part.count, parts: ranks)
    let additions = try exchanges.second.run(
      hostNodes, count: slices[place].count, tree, over: levels.acrossHosts, waiting
    ) { node, range, target in
      guard let start = starts[node] else { preconditionFailure("this host has no sum of \(node)") }
      target.copy(from: hostSums.span.extracting(start + range.lowerBound..<start + range.upperBound))
    }
    let subslices = BlockPartition(total: slices[place].count, parts: hosts)
    try memory.withElements(part, ofVector: 0) { (total) throws(MPIError) in
      var slice = total._mutatingExtracting(slices[place])
      var subslice = slice._mutatingExtracting(subslices[host])
      additions.finish(&exchanges.second.received, into: &subslice)
      try levels.acrossHosts.allGatherInPlace(counts: subslices.ranges.map(\.count), into: &slice, waiting: waiting)
      try levels.withinHost.allGatherInPlace(counts: slices.ranges.map(\.count), into: &total, waiting: waiting)
    }
  }

  /// Returns a function that copies a range of a part of a node's sum.
  private func partialSums(
    of part: Range<Int>
  ) -> (ShardTree.Node, Range<Int>, inout MutableSpan<Element>) -> Void {
    { [sums] node, range, target in
      sums.copy(node, part.lowerBound + range.lowerBound..<part.lowerBound + range.upperBound, into: &target)
    }
  }
}
