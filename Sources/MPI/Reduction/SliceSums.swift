/// The additions of a ``ShardTree`` above the ranks' partial sums, on one slice of the vectors.
///
/// The slices are summed in the buffer that holds them, and the root is written to its destination.
struct SliceSums<Element: TreeElement> {
  private let tree: ShardTree
  private let count: Int
  /// The position of each node's slice before any addition.
  private let positions: [ShardTree.Node: Int]

  /// Plans the additions of a rank.
  ///
  /// - Parameters:
  ///   - tree: The tree over all shards.
  ///   - owned: Each rank's nodes, whose slices are in the buffer in this order.
  ///   - count: The number of elements in a slice.
  init(_ tree: ShardTree, owned: [[ShardTree.Node]], count: Int) {
    self.tree = tree
    self.count = count
    var positions: [ShardTree.Node: Int] = [:]
    for (index, node) in owned.joined().enumerated() {
      positions[node] = index * count
    }
    self.positions = positions
  }

  /// Computes the slice of the tree's root.
  ///
  /// - Parameters:
  ///   - slices: The slices of all nodes; overwritten by partial sums.
  ///   - total: Receives the sums.
  func finish(_ slices: inout [Element], into total: inout MutableSpan<Element>) {
    guard positions[tree.root] == nil else {
      let position = evaluate(tree.root, &slices)
      return total.copy(from: slices.span.extracting(range(position)))
    }
    let (left, right) = (evaluate(tree.root.left, &slices), evaluate(tree.root.right, &slices))
    let sums = slices.span
    Element.add(sums.extracting(range(left)), sums.extracting(range(right)), into: &total)
  }

  /// Computes a node's slice and returns its position.
  private func evaluate(_ node: ShardTree.Node, _ slices: inout [Element]) -> Int {
    if let position = positions[node] {
      return position
    }
    let (left, right) = (evaluate(node.left, &slices), evaluate(node.right, &slices))
    unsafe slices.withUnsafeMutableBufferPointer { slices in
      // Slices of different nodes never overlap.
      let addend = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: slices[range(right)]))
      var sums = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: slices[range(left)]))
      Element.accumulate(addend, into: &sums)
    }
    return left
  }

  private func range(_ position: Int) -> Range<Int> { position..<position + count }
}
