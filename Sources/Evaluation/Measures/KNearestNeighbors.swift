import MPI
import OneDNN

/// Classification by the nearest training samples: the most frequent class among the `k` nearest by Euclidean distance.
struct KNearestNeighbors {
  private static let queriesPerBlock = 64
  private static let samplesPerTile = 1024

  /// How many neighbors vote.
  let k: Int
  /// The number of features of a sample.
  let width: Int

  /// How many test samples have the class that their neighbors vote for, over all ranks.
  ///
  /// Of classes with equal votes the one with the nearest neighbor wins. Collective; each rank looks at its own part of the test samples.
  func correctCount(
    training: [Float], trainingLabels: [Int32], test: [Float], testLabels: [Int32], over world: borrowing Communicator
  ) throws -> Int {
    useOneThreadPerPrimitive()
    world.activity.begin("nearest neighbors")
    let norms = squaredLengths(training)
    let blockCount = (testLabels.count + Self.queriesPerBlock - 1) / Self.queriesPerBlock
    var correct: [Int64] = [0]
    for block in BlockPartition(total: blockCount, parts: world.size)[world.rank] {
      let queries = block * Self.queriesPerBlock..<min((block + 1) * Self.queriesPerBlock, testLabels.count)
      let neighbors = try nearest(
        queries: Array(test[queries.lowerBound * width..<queries.upperBound * width]), training, norms)
      for (query, nearest) in zip(queries, neighbors) where vote(nearest, trainingLabels) == testLabels[query] {
        correct[0] += 1
      }
      world.activity.progressed()
    }
    try world.allReduceSum(&correct)
    return Int(correct[0])
  }

  private struct Neighbor {
    var distance: Float
    var sample: Int
  }

  /// The `k` nearest training samples of each query, nearest first.
  private func nearest(queries: [Float], _ training: [Float], _ norms: [Float]) throws -> [[Neighbor]] {
    let queryCount = queries.count / width
    var neighbors = [[Neighbor]](repeating: [], count: queryCount)
    for first in stride(from: 0, to: norms.count, by: Self.samplesPerTile) {
      let count = min(Self.samplesPerTile, norms.count - first)
      let tile = training[first * width..<(first + count) * width]
      var products = [Float](repeating: 0, count: queryCount * count)
      var elements = products.mutableSpan
      try elements.product(
        rows: queryCount, columns: count, depth: width, queries.span, .none, tile.span, .transposed)
      for query in 0..<queryCount {
        for column in 0..<count {
          // ‖a − b‖² without ‖a‖², which is the same for all samples b.
          let distance = norms[first + column] - 2 * products[query * count + column]
          insert(Neighbor(distance: distance, sample: first + column), into: &neighbors[query])
        }
      }
    }
    return neighbors
  }

  /// Keeps the list sorted and no longer than `k`; of equal distances the earlier sample stays before.
  private func insert(_ neighbor: Neighbor, into neighbors: inout [Neighbor]) {
    if neighbors.count == k {
      guard neighbor.distance < neighbors[k - 1].distance else { return }
      neighbors.removeLast()
    }
    var place = neighbors.count
    while place > 0, neighbor.distance < neighbors[place - 1].distance {
      place -= 1
    }
    neighbors.insert(neighbor, at: place)
  }

  private func vote(_ neighbors: [Neighbor], _ labels: [Int32]) -> Int32? {
    var votes: [Int32: Int] = [:]
    for neighbor in neighbors {
      votes[labels[neighbor.sample], default: 0] += 1
    }
    let most = votes.values.max()
    return neighbors.lazy.map { neighbor in labels[neighbor.sample] }.first { label in votes[label] == most }
  }

  private func squaredLengths(_ rows: [Float]) -> [Float] {
    (0..<rows.count / width).map { row in
      rows[row * width..<(row + 1) * width].reduce(0) { sum, element in sum + element * element }
    }
  }
}
