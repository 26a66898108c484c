/// The first half of a reduction among some ranks: each receives its slice of the partial sums of all.
struct SliceExchange<Element: TreeElement> {
  /// The slices of this rank's partial sums, ordered by rank, then by node; longer after a longer exchange.
  private var sent: [Element] = []
  /// This rank's slice of the partial sums of all ranks, ordered by rank, then by node; longer after a longer exchange.
  var received: [Element] = []

  /// Sends slice k of this rank's partial sums to rank k, for all ranks.
  ///
  /// Collective: every rank passes the same `nodes`, `count` and `waiting`.
  ///
  /// - Parameters:
  ///   - nodes: The nodes of the tree whose sums each rank has.
  ///   - count: The number of elements of a sum.
  ///   - tree: The tree over all shards of the global batch.
  ///   - ranks: The ranks.
  ///   - waiting: The way in which the thread waits for other ranks.
  ///   - copy: Copies a range of a node's sum.
  /// - Returns: The additions of the received slices.
  /// - Throws: `MPIError` if the collective fails.
  mutating func run(
    _ nodes: [[ShardTree.Node]], count: Int, _ tree: ShardTree, over ranks: borrowing Communicator, _ waiting: Waiting,
    copy: (ShardTree.Node, Range<Int>, inout MutableSpan<Element>) -> Void
  ) throws(MPIError) -> SliceSums<Element> {
    let slices = BlockPartition(total: count, parts: ranks.size)
    let (mine, own) = (nodes[ranks.rank], slices[ranks.rank])
    let receiveCounts = nodes.map { nodes in nodes.count * own.count }
    let (sentCount, receivedCount) = (mine.count * count, receiveCounts.reduce(0, +))
    Self.grow(&sent, to: sentCount)
    Self.grow(&received, to: receivedCount)
    Self.fill(&sent, at: 0, slices.ranges, mine, copy)
    // This rank's own slices go to where those of other ranks will arrive.
    Self.fill(&received, at: receiveCounts[..<ranks.rank].reduce(0, +), [own], mine, copy)
    var arriving: [Element] = []
    swap(&arriving, &received)
    defer { swap(&arriving, &received) }
    var elements = arriving.mutableSpan
    var target = elements._mutatingExtracting(0..<receivedCount)
    try ranks.exchangeBlocks(
      sent.span.extracting(0..<sentCount), sendCounts: slices.ranges.map { slice in slice.count * mine.count },
      into: &target, receiveCounts: receiveCounts, waiting: waiting)
    return SliceSums(tree, owned: nodes, count: own.count)
  }

  /// Copies slices of the sums of several nodes into a message, ordered by slice, then by node.
  private static func fill(
    _ message: inout [Element], at start: Int, _ slices: [Range<Int>], _ nodes: [ShardTree.Node],
    _ copy: (ShardTree.Node, Range<Int>, inout MutableSpan<Element>) -> Void
  ) {
    var position = start
    var elements = message.mutableSpan
    for slice in slices {
      for node in nodes {
        var place = elements._mutatingExtracting(position..<position + slice.count)
        copy(node, slice, &place)
        position += slice.count
      }
    }
  }

  /// Replaces a message that is too short; parts of a vector differ in length, and new memory costs more than a copy.
  private static func grow(_ elements: inout [Element], to count: Int) {
    if elements.count < count {
      elements = Array(repeating: .zero, count: count)
    }
  }
}
