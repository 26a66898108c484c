import Synchronization

/// The sums of the vectors of this rank's shards in the order of a ``ShardTree``, computed separately for each segment
/// (range of elements).
///
/// Two sibling nodes of the tree are added as soon as both are available, so that only about log₂(shards) vectors exist
/// at a time.
final class PartialSums<Element: TreeElement>: Sendable {
  /// The memory of the sums; its vector 0 receives the total.
  let memory: SumMemory<Element>
  /// The ranges of elements that are summed separately, ascending.
  let segments: [Range<Int>]

  private let tree: ShardTree
  /// The range of this rank's shards (parts of the global batch).
  private let shards: Range<Int>
  /// The number of vectors whose memory is kept from one step to the next.
  private let keptCount: Int
  private let state: Mutex<[Segment]>

  /// The progress of one segment: the sums computed so far, and the vectors in ``memory`` that hold them.
  private struct Segment {
    /// The index in ``memory`` of the vector that holds each completed node's sum.
    var vectors: [ShardTree.Node: Int] = [:]
    var isUsed: [Bool] = []
    var addedCount = 0

    /// Reserves the unused vector with the lowest index.
    mutating func take() -> Int {
      let index = isUsed.firstIndex(of: false) ?? isUsed.count
      if index == isUsed.count {
        isUsed.append(true)
      } else {
        isUsed[index] = true
      }
      return index
    }
  }

  /// Prepares the sums of one rank.
  ///
  /// - Parameters:
  ///   - memory: The memory of the sums.
  ///   - bounds: The first element of each segment, ascending, from 0.
  ///   - tree: The tree over all shards of the global batch.
  ///   - shards: The range of this rank's shards.
  ///   - threads: The number of threads that add vectors.
  init(
    _ memory: SumMemory<Element>, bounds: [Int], _ tree: ShardTree, shards: Range<Int>, threads: Int
  ) {
    precondition(
      bounds.first == 0 && bounds.allSatisfy { bound in bound < memory.length || memory.length == 0 },
      "segments of \(memory.length) elements at \(bounds)")
    self.memory = memory
    self.tree = tree
    self.shards = shards
    keptCount = Self.vectorCount(shards: shards.count, threads: threads)
    segments = zip(bounds, bounds.dropFirst() + [memory.length]).map { lower, upper in lower..<upper }
    state = Mutex(Array(repeating: Segment(), count: bounds.count))
  }

  /// Returns the number of full-length vectors that are needed at the same time for partial sums.
  ///
  /// One thread needs one vector per level of the tree. If several threads compute equally fast, sums on the levels
  /// below exist only for a few segments at a time.
  static func vectorCount(shards: Int, threads: Int) -> Int {
    let turns = (shards + threads - 1) / max(threads, 1)
    let levels = Int.bitWidth - max(turns - 1, 0).leadingZeroBitCount
    return max(1, levels + (threads > 1 && turns > 1 ? 1 : 0))
  }

  /// Returns true if all shards of this rank have added a segment of their vectors.
  func isComplete(_ segment: Int) -> Bool {
    state.withLock { segments in segments[segment].addedCount == shards.count }
  }

  /// Adds one segment (range of elements) of a shard's vector; callable from any thread.
  ///
  /// The thread that completes the second of two sibling nodes of the tree also computes their sum.
  ///
  /// The shard must be one of this rank's, and each shard adds each segment once.
  func add(_ summand: Span<Element>, segment: Int, shard: Int) {
    precondition(
      summand.count == segments[segment].count, "\(summand.count) elements for a segment of \(segments[segment].count)")
    precondition(shards.contains(shard), "shard \(shard) is not among this rank's \(shards)")
    defer { state.withLock { segments in segments[segment].addedCount += 1 } }
    let path = tree.ancestors(of: shard)
    var node = path[0]
    // The index of the vector that holds the sum at `node`; `nil` while that sum is `summand` itself.
    var vector: Int?
    for parent in path.dropFirst() where parent.isInside(shards) {
      let sibling = parent.left == node ? parent.right : parent.left
      var other = exchange(vector, at: node, for: sibling, segment)
      if other == nil, vector == nil {
        vector = store(summand, segment)
        other = exchange(vector, at: node, for: sibling, segment)
      }
      guard let total = other else { return }
      if let own = vector {
        accumulate(own, into: total, segment)
        release(own, segment)
      } else {
        memory.withElements(segments[segment], ofVector: total) { sums in Element.accumulate(summand, into: &sums) }
      }
      vector = total
      node = parent
    }
    let top = vector ?? store(summand, segment)
    state.withLock { segments in segments[segment].vectors[node] = top }
  }

  /// Takes the sum of a node's sibling; if it is not available yet, stores the node's own sum for the thread that adds
  /// the sibling.
  private func exchange(_ vector: Int?, at node: ShardTree.Node, for sibling: ShardTree.Node, _ segment: Int) -> Int? {
    state.withLock { segments in
      let other = segments[segment].vectors.removeValue(forKey: sibling)
      if other == nil, let vector {
        segments[segment].vectors[node] = vector
      }
      return other
    }
  }

  private func store(_ summand: Span<Element>, _ segment: Int) -> Int {
    let index = state.withLock { segments in segments[segment].take() }
    memory.withElements(segments[segment], ofVector: index) { sums in sums.copy(from: summand) }
    return index
  }

  private func accumulate(_ addend: Int, into total: Int, _ segment: Int) {
    let range = segments[segment]
    memory.withElements(range, ofVector: addend) { addend in
      let addend = addend.span
      memory.withElements(range, ofVector: total) { sums in Element.accumulate(addend, into: &sums) }
    }
  }

  private func release(_ vector: Int, _ segment: Int) {
    if vector >= keptCount {
      memory.discard(segments[segment], ofVector: vector)
    }
    state.withLock { segments in segments[segment].isUsed[vector] = false }
  }

  // MARK: - Completed sums

  /// Copies a range of a node's sum.
  ///
  /// - Parameters:
  ///   - node: A node whose sum is complete in all segments that overlap the range.
  ///   - range: The range of elements.
  ///   - target: Receives the elements.
  func copy(_ node: ShardTree.Node, _ range: Range<Int>, into target: inout MutableSpan<Element>) {
    for (index, segment) in segments.enumerated() where segment.overlaps(range) {
      let part = segment.clamped(to: range)
      guard let vector = state.withLock({ segments in segments[index].vectors[node] }) else {
        preconditionFailure("shards of \(node) were not added")
      }
      var place = target._mutatingExtracting(part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound)
      memory.withElements(part, ofVector: vector) { sums in place.copy(from: sums.span) }
    }
  }

  /// Moves the sum of a node (subtree of shards) from its vector to vector 0, for some segments.
  func move(_ node: ShardTree.Node, _ indices: Range<Int>) {
    for index in indices {
      let vector = state.withLock { segments in segments[index].vectors[node] }
      guard let vector else { preconditionFailure("shards of \(node) were not added") }
      guard vector != 0 else { continue }
      memory.withElements(segments[index], ofVector: vector) { sums in
        let sums = sums.span
        memory.withElements(segments[index], ofVector: 0) { total in total.copy(from: sums) }
      }
    }
  }

  /// Discards the sums of some segments; vector 0 keeps its elements until the next shard is added.
  func reset(_ indices: Range<Int>) {
    for index in indices {
      let used = state.withLock { segments in segments[index].vectors.values.filter { vector in vector >= keptCount } }
      for vector in used {
        memory.discard(segments[index], ofVector: vector)
      }
      state.withLock { segments in
        let count = segments[index].isUsed.count
        segments[index] = Segment(isUsed: Array(repeating: false, count: count))
      }
    }
  }
}
