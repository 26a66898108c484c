/// The binary tree that fixes the order in which the vectors of all shards (fixed parts) of a global batch are added.
///
/// A node with n leaves splits at the largest power of two below n. The shape depends only on the number of shards, not
/// on their distribution over ranks, so that a sum along the tree has the same bits on any number of ranks (IEEE
/// addition is commutative, so it does not matter which rank adds two nodes).
///
///     5 shards            (0…4)
///                       ╱       ╲
///                   (0…3)        4
///                  ╱     ╲
///               (0,1)   (2,3)
public struct ShardTree: Sendable {
  /// A node of the tree: the subtree of the shards `first ..< first + count`.
  struct Node: Hashable {
    let first: Int
    let count: Int

    var end: Int { first + count }
    var isLeaf: Bool { count == 1 }

    /// The number of shards in the left child.
    private var leftCount: Int {
      var power = 1
      while power * 2 < count {
        power *= 2
      }
      return power
    }

    var left: Node { Node(first: first, count: leftCount) }
    var right: Node { Node(first: first + leftCount, count: count - leftCount) }

    func isInside(_ shards: Range<Int>) -> Bool { shards.lowerBound <= first && end <= shards.upperBound }
  }

  /// The number of shards, which are the leaves of the tree.
  public let leafCount: Int

  /// Creates the tree over `leafCount` shards.
  ///
  /// - Precondition: `leafCount > 0`.
  public init(leafCount: Int) {
    precondition(leafCount > 0, "a tree needs a leaf")
    self.leafCount = leafCount
  }

  var root: Node { Node(first: 0, count: leafCount) }

  /// Returns the largest subtrees that contain only shards in a range, in ascending order.
  func maximalSubtrees(inside shards: Range<Int>) -> [Node] {
    func collect(_ node: Node) -> [Node] {
      if node.end <= shards.lowerBound || shards.upperBound <= node.first {
        return []
      }
      return node.isInside(shards) ? [node] : collect(node.left) + collect(node.right)
    }
    return shards.isEmpty ? [] : collect(root)
  }

  /// Finds, for each host, the largest subtrees that contain only shards of its ranks.
  ///
  /// - Parameters:
  ///   - ranksPerHost: The number of consecutive ranks of each host, a divisor of their number.
  ///   - shards: The range of shards of each rank.
  /// - Returns: The subtrees of each host, in ascending order.
  func maximalSubtrees(ofEach ranksPerHost: Int, _ shards: BlockPartition) -> [[Node]] {
    stride(from: 0, to: shards.ranges.count, by: ranksPerHost).map { first in
      maximalSubtrees(inside: shards[first].lowerBound..<shards[first + ranksPerHost - 1].upperBound)
    }
  }

  /// Returns the nodes from the leaf of a shard up to the root.
  func ancestors(of shard: Int) -> [Node] {
    var path: [Node] = []
    var node = root
    while !node.isLeaf {
      path.append(node)
      node = shard < node.right.first ? node.left : node.right
    }
    path.append(node)
    return path.reversed()
  }
}
