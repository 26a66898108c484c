/// The additions of a ``ShardTree`` above the ranks' partial sums, on one slice of the vectors.
///
/// Nothing is copied: own slices are read where the partial sums are, those of other ranks are summed where they were received, and
/// the root is written where it belongs.
struct SliceSums<Element: TreeElement> {
  /// Where a node's slice is.
  private enum Place {
    /// In the partial sum of this index.
    case own(Int)
    /// Among what was received, from this position.
    case received(Int)
  }

  private let tree: ShardTree
  private let partialSums: [[Element]]
  private let slice: Range<Int>
  /// The slices there are at first.
  private let places: [ShardTree.Node: Place]

  /// Plans the additions of a rank.
  ///
  /// - Parameters:
  ///   - tree: The tree over all shards.
  ///   - owned: Each rank's nodes, whose slices were received in this order; this rank's own were not, but have room.
  ///   - rank: This rank.
  ///   - partialSums: The whole vectors of this rank's nodes.
  ///   - slice: The elements that this rank adds.
  init(_ tree: ShardTree, owned: [[ShardTree.Node]], rank: Int, _ partialSums: [[Element]], slice: Range<Int>) {
    self.tree = tree
    self.partialSums = partialSums
    self.slice = slice
    var (places, position): ([ShardTree.Node: Place], Int) = ([:], 0)
    for (owner, nodes) in owned.enumerated() {
      for (index, node) in nodes.enumerated() {
        places[node] = owner == rank ? .own(index) : .received(position)
        position += slice.count
      }
    }
    self.places = places
  }

  /// Writes the slice of the tree's root.
  ///
  /// - Parameters:
  ///   - received: The slices of other ranks' nodes; sums of some of them afterwards.
  ///   - total: Receives the sums.
  func finish(_ received: inout [Element], into total: inout MutableSpan<Element>) {
    switch places[tree.root] {
    case .own(let index):
      let sum = partialSums[index]
      total.copy(from: sum.span.extracting(slice))
    case .received(let position):
      total.copy(from: received.span.extracting(range(position)))
    case nil:
      let (left, right) = (evaluate(tree.root.left, &received), evaluate(tree.root.right, &received))
      switch (left, right) {
      case (.received(let left), .received(let right)):
        let received = received.span
        Element.add(received.extracting(range(left)), received.extracting(range(right)), into: &total)
      case (.received(let position), .own(let index)), (.own(let index), .received(let position)):
        let own = partialSums[index]
        Element.add(own.span.extracting(slice), received.span.extracting(range(position)), into: &total)
      case (.own, .own): siblingsOfOneRank()
      }
    }
  }

  /// Sums a node's slice and says where it is.
  private func evaluate(_ node: ShardTree.Node, _ received: inout [Element]) -> Place {
    if let place = places[node] {
      return place
    }
    let (left, right) = (evaluate(node.left, &received), evaluate(node.right, &received))
    switch (left, right) {
    case (.received(let left), .received(let right)):
      unsafe received.withUnsafeMutableBufferPointer { received in
        // Slices of different nodes never overlap.
        let addend = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: received[range(right)]))
        var sums = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: received[range(left)]))
        Element.accumulate(addend, into: &sums)
      }
      return .received(left)
    case (.received(let position), .own(let index)), (.own(let index), .received(let position)):
      let own = partialSums[index]
      var elements = received.mutableSpan
      var sums = elements._mutatingExtracting(range(position))
      Element.accumulate(own.span.extracting(slice), into: &sums)
      return .received(position)
    case (.own, .own): siblingsOfOneRank()
    }
  }

  private func range(_ position: Int) -> Range<Int> { position..<position + slice.count }

  private func siblingsOfOneRank() -> Never {
    preconditionFailure("two nodes of one rank are siblings: their parent is inside its run as well")
  }
}
