import Synchronization

/// A sum of one vector per shard over all shards of all ranks.
///
/// Within a rank, vectors are added in any order and from any thread (``add(_:shard:)``), and siblings of the tree are combined as soon as
/// both are present, so about log₂(shards) sums exist at a time. ``finish(over:into:waiting:)`` then adds across the ranks:
/// each rank sends slice `k` of its maximal subtrees to rank `k`, which completes the tree on its slice, and the slices are gathered. For aligned
/// powers of two this moves as many bytes as Rabenseifner's all-reduce.
public final class TreeReduction<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int

  private let tree: ShardTree
  private let runs: BlockPartition
  private let rank: Int
  private let state: Mutex<State>

  private struct State {
    var sums: [ShardTree.Node: [Element]] = [:]
    var addedCount = 0
    var spare: [[Element]] = []
    var packed: [Element] = []
    var received: [Element] = []
  }

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - length: The number of elements in each vector.
  ///   - runs: The shards of each rank.
  ///   - rank: This rank.
  public init(length: Int, runs: BlockPartition, rank: Int) {
    self.length = length
    self.runs = runs
    self.rank = rank
    tree = ShardTree(leafCount: runs.runs.map(\.upperBound).max() ?? 0)
    state = Mutex(State())
  }

  /// True if all shards of this rank were added, so that ``finish(over:into:waiting:)`` may be called.
  public var isComplete: Bool {
    state.withLock { state in state.addedCount } == runs[rank].count
  }

  /// Adds one shard's vector.
  ///
  /// Callable from any thread; not collective.
  ///
  /// - Parameters:
  ///   - vector: The summand.
  ///   - shard: The shard's number in the global batch; this rank owns it.
  public func add(_ vector: Span<Element>, shard: Int) {
    precondition(vector.count == length, "a vector of \(vector.count) elements, not \(length)")
    precondition(runs[rank].contains(shard), "shard \(shard) is not among this rank's \(runs[rank])")
    defer { state.withLock { state in state.addedCount += 1 } }
    let path = tree.ancestors(of: shard)
    var node = path[0]
    // The sum at `node`; none while that is the shard itself.
    var sum: [Element]?
    for parent in path.dropFirst() where parent.isInside(runs[rank]) {
      let sibling = parent.left == node ? parent.right : parent.left
      var other = exchange(sum, at: node, for: sibling)
      if other == nil, sum == nil {
        sum = copied(vector)
        other = exchange(sum, at: node, for: sibling)
      }
      guard var total = other else { return }
      other = nil
      var sums = total.mutableSpan
      if let own = sum {
        Element.accumulate(own.span, into: &sums)
        state.withLock { state in state.spare.append(own) }
      } else {
        Element.accumulate(vector, into: &sums)
      }
      sum = total
      node = parent
    }
    let top = sum ?? copied(vector)
    state.withLock { state in state.sums[node] = top }
  }

  /// Takes the sum of a node's sibling; if that is missing, stores the node's own sum for the thread that adds the sibling.
  private func exchange(_ sum: [Element]?, at node: ShardTree.Node, for sibling: ShardTree.Node) -> [Element]? {
    state.withLock { state in
      let other = state.sums.removeValue(forKey: sibling)
      if other == nil, let sum {
        state.sums[node] = sum
      }
      return other
    }
  }

  private func copied(_ vector: Span<Element>) -> [Element] {
    var copy = state.withLock { state in state.spare.popLast() } ?? Array(repeating: .zero, count: length)
    var elements = copy.mutableSpan
    elements.copy(from: vector)
    return copy
  }

  /// Sums the vectors of all ranks and resets.
  ///
  /// Collective: every rank calls it after all its shards were added, and passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - total: Receives `length` sums.
  ///   - waiting: The thread's behavior while it waits for other ranks.
  /// - Throws: `MPIError` if a collective fails.
  public func finish(
    over world: borrowing Communicator, into total: inout MutableSpan<Element>, waiting: Waiting = .spinning
  ) throws(MPIError) {
    precondition(total.count == length, "total holds \(total.count) elements, not \(length)")
    var state = self.state.withLock { state in
      let taken = state
      state = State()
      return taken
    }
    try finish(over: world, &state, into: &total, waiting)
    state.spare += state.sums.values
    state.sums = [:]
    state.addedCount = 0
    let emptied = state
    self.state.withLock { state in state = emptied }
  }

  /// Sums the vectors of all ranks into an array and resets.
  public func finish(over world: borrowing Communicator, into total: inout [Element]) throws(MPIError) {
    var elements = total.mutableSpan
    try finish(over: world, into: &elements)
  }

  private func finish(
    over world: borrowing Communicator, _ state: inout State, into total: inout MutableSpan<Element>, _ waiting: Waiting
  ) throws(MPIError) {
    let owned = runs.runs.map { run in tree.maximalSubtrees(inside: run) }
    let mine = owned[world.rank]
    let partialSums = mine.map { node in
      guard let sum = state.sums[node] else { preconditionFailure("shards of \(node) were not added") }
      return sum
    }
    if world.size == 1 {
      let sum = partialSums[0]
      total.copy(from: sum.span)
      return
    }
    let slices = BlockPartition(total: length, parts: world.size)
    let mySlice = slices[world.rank]

    // Slice k of each partial sum, for rank k; a single one has its slices in that order.
    if partialSums.count != 1 {
      state.packed.removeAll(keepingCapacity: true)
      for slice in slices.runs {
        for sum in partialSums {
          state.packed += sum[slice]
        }
      }
    }
    let receiveCounts = owned.map { nodes in nodes.count * mySlice.count }
    resize(&state.received, to: receiveCounts.reduce(0, +))
    let packed = partialSums.count == 1 ? partialSums[0] : state.packed
    try world.exchangeBlocks(
      packed.span, sendCounts: slices.runs.map { slice in slice.count * mine.count },
      into: &state.received, receiveCounts: receiveCounts, waiting: waiting)

    let sums = SliceSums(tree, owned: owned, rank: world.rank, partialSums, slice: mySlice)
    var mySums = total._mutatingExtracting(mySlice)
    sums.finish(&state.received, into: &mySums)
    try world.allGatherInPlace(counts: slices.runs.map(\.count), into: &total, waiting: waiting)
  }

  private func resize(_ elements: inout [Element], to count: Int) {
    if elements.count != count {
      elements = Array(repeating: .zero, count: count)
    }
  }
}
