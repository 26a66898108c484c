/// The additions of a ``ShardTree`` above the ranks' partial sums, on one slice of the vectors.
///
/// Nothing is copied: own slices are read from the partial sums, those of other ranks are summed in the receive buffer, and the root is
/// written to its destination.
struct SliceSums<Element: TreeElement> {
  /// The location of a node's slice.
  private enum Place {
    /// In the partial sum of this index.
    case own(Int)
    /// In the receive buffer, from this position.
    case received(Int)
  }

  private let tree: ShardTree
  private let partialSums: [[Element]]
  private let slice: Range<Int>
  /// The locations of the slices before any addition.
  private let places: [ShardTree.Node: Place]

  /// Plans the additions of a rank.
  ///
  /// - Parameters:
  ///   - tree: The tree over all shards.
  ///   - owned: Each rank's nodes, whose slices are in the receive buffer in this order; the room of this rank's own is unused.
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

  /// Computes the slice of the tree's root.
  ///
  /// - Parameters:
  ///   - received: The slices of other ranks' nodes; overwritten by partial sums.
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

  /// Computes a node's slice and returns its location.
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
