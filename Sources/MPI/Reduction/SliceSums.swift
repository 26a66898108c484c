/// The additions of a ``ShardTree`` that combine the partial sums of different ranks, for one slice of the vectors.
///
/// The slices are summed within the buffer that holds them; the sum at the root is written to a separate destination.
struct SliceSums<Element: TreeElement> {
  private let tree: ShardTree
  private let count: Int
  /// The position in the buffer of each received node's slice.
  private let positions: [ShardTree.Node: Int]

  /// Prepares the additions.
  ///
  /// - Parameters:
  ///   - tree: The tree over all shards of the global batch.
  ///   - owned: The subtrees of each rank whose slices are in the buffer, in this order.
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

  /// Computes the sum at the tree's root for the slice.
  ///
  /// - Parameters:
  ///   - slices: The slices of all received nodes; overwritten by partial sums.
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

  /// Computes the sums at several nodes for the slice.
  ///
  /// - Parameters:
  ///   - nodes: Nodes whose leaves are all below received nodes.
  ///   - slices: The slices of all received nodes; overwritten by partial sums.
  /// - Returns: The position of each node's sum in the buffer.
  func complete(_ nodes: [ShardTree.Node], _ slices: inout [Element]) -> [ShardTree.Node: Int] {
    Dictionary(uniqueKeysWithValues: nodes.map { node in (node, evaluate(node, &slices)) })
  }

  /// Computes a node's sum and returns its position in the buffer.
  private func evaluate(_ node: ShardTree.Node, _ slices: inout [Element]) -> Int {
    if let position = positions[node] {
      return position
    }
    let (left, right) = (evaluate(node.left, &slices), evaluate(node.right, &slices))
    unsafe slices.withUnsafeMutableBufferPointer { slices in
      // Safe: slices of different nodes never overlap.
      let addend = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: slices[range(right)]))
      var sums = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: slices[range(left)]))
      Element.accumulate(addend, into: &sums)
    }
    return left
  }

  private func range(_ position: Int) -> Range<Int> { position..<position + count }
}
