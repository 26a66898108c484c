import Glibc
import MPI
import OneDNN

/// Classification by the k nearest training samples (Euclidean distance): the most frequent class among them.
package struct KNearestNeighbors: Sendable {
  private static let samplesPerTile = 1024

  /// The number k of neighbors.
  package let k: Int
  /// The number of features per sample.
  package let width: Int

  /// Creates a search for `k` neighbors among rows of `width` features.
  package init(k: Int, width: Int) {
    self.k = k
    self.width = width
  }

  /// Returns the most frequent class among the neighbors of each query, on every rank.
  ///
  /// Of classes with equal votes, the one with the nearest neighbor wins. Collective; each rank classifies its part of
  /// the queries.
  package func votes(
    of queries: FeatureRows, among training: FeatureRows, threads: Int, over world: borrowing Communicator
  ) throws -> [Int32] {
    world.activity.begin("nearest neighbors")
    let norms = squaredLengths(training.features)
    return try RowWork.gather(rows: queries.count, width: 1, zero: Int32(0), threads: threads, over: world) {
      rows, _ in
      try neighbors(of: queries, rows, training, norms).map { nearest in vote(nearest, training.labels) ?? -1 }
    }
  }

  /// Returns the `k` nearest training samples of each of some queries, nearest first.
  ///
  /// - Parameters:
  ///   - test: The rows that contain the queries.
  ///   - queries: The range of rows to search for.
  ///   - training: The rows to search in.
  ///   - norms: The squared lengths of the training rows (``squaredLengths(_:)``).
  /// - Returns: One list of neighbors per query.
  /// - Throws: `DNNLError` if a matrix product fails.
  package func neighbors(
    of test: FeatureRows, _ queries: Range<Int>, _ training: FeatureRows, _ norms: [Float]
  ) throws -> [[Neighbor]] {
    try nearest(
      queries: Array(test.features[queries.lowerBound * width..<queries.upperBound * width]), training.features, norms)
  }

  /// A training sample and its distance from a query.
  package struct Neighbor: Sendable {
    /// The squared distance ‖a − b‖² less ‖a‖², for the query a and the sample b.
    package var distance: Float
    /// The index of the training sample.
    package var sample: Int
  }

  /// Returns the `k` nearest training samples of each query, nearest first.
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
          // ‖a − b‖² without ‖a‖², which is the same for all samples b of a query a.
          let distance = norms[first + column] - 2 * products[query * count + column]
          insert(Neighbor(distance: distance, sample: first + column), into: &neighbors[query])
        }
      }
    }
    return neighbors
  }

  /// Inserts a neighbor into a sorted list of at most `k`; of equal distances, the earlier sample ranks first.
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

  /// Returns the most frequent class among neighbors; ties go to the class of the nearest one.
  package func vote(_ neighbors: [Neighbor], _ labels: [Int32]) -> Int32? {
    var votes: [Int32: Int] = [:]
    for neighbor in neighbors {
      votes[labels[neighbor.sample], default: 0] += 1
    }
    let most = votes.values.max()
    return neighbors.lazy.map { neighbor in labels[neighbor.sample] }.first { label in votes[label] == most }
  }

  /// Returns the class with the largest Σ exp(s / τ) over its neighbors, where s is the cosine similarity; ties go to
  /// the lowest class.
  ///
  /// This is the rule of Wu, Xiong, Yu and Lin 2018, "Unsupervised Feature Learning via Non-Parametric Instance
  /// Discrimination".
  package func weightedVote(
    _ neighbors: ArraySlice<Neighbor>, _ labels: [Int32], _ norms: [Float], temperature: Double = 0.07
  ) -> Int32? {
    var votes: [Int32: Double] = [:]
    for neighbor in neighbors {
      votes[labels[neighbor.sample], default: 0] += exp(similarity(of: neighbor, norms) / temperature)
    }
    return votes.max { one, other in (one.value, -one.key) < (other.value, -other.key) }?.key
  }

  /// Classifies queries by weighted votes with several numbers of neighbors, on every rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - queries: The features to classify, with rows of unit length.
  ///   - training: The features to search in, with rows of unit length.
  ///   - sizes: The numbers of neighbors, ascending; larger ones than the number of training rows are reduced to it.
  ///   - threads: The number of threads of this rank.
  ///   - world: The ranks.
  /// - Returns: For each number of neighbors, the class of each query.
  /// - Throws: ``CollectiveError`` if a matrix product fails.
  package static func weightedVotes(
    of queries: FeatureRows, among training: FeatureRows, sizes: [Int], threads: Int,
    over world: borrowing Communicator
  ) throws -> [[Int32]] {
    let search = KNearestNeighbors(k: min(sizes.last ?? 1, training.count), width: queries.width)
    let norms = search.squaredLengths(training.features)
    world.activity.begin("nearest neighbors")
    let votes = try RowWork.gather(
      rows: queries.count, width: sizes.count, zero: Int32(0), threads: threads, over: world
    ) { rows, _ in
      try search.neighbors(of: queries, rows, training, norms).flatMap { nearest in
        sizes.map { k in search.weightedVote(nearest.prefix(k), training.labels, norms) ?? -1 }
      }
    }
    return sizes.indices.map { place in
      queries.labels.indices.map { query in votes[query * sizes.count + place] }
    }
  }

  /// Returns log Σ exp(s / τ) over the neighbors of each class.
  ///
  /// These are logits whose softmax is each class's share of the votes in ``weightedVote(_:_:_:temperature:)``.
  package func voteLogits(
    _ neighbors: [Neighbor], _ labels: [Int32], _ norms: [Float], classCount: Int, temperature: Double = 0.07
  ) -> [Float] {
    var votes = [Double](repeating: 0, count: classCount)
    for neighbor in neighbors {
      votes[Int(labels[neighbor.sample])] += exp(similarity(of: neighbor, norms) / temperature)
    }
    // A class without votes gets a probability of 0 in float64.
    return votes.map { sum in sum > 0 ? Float(log(sum)) : -1000 }
  }

  /// Returns the cosine similarity of a query and its neighbor, both of unit length.
  package func similarity(of neighbor: Neighbor, _ norms: [Float]) -> Double {
    (Double(norms[neighbor.sample]) - Double(neighbor.distance)) / 2
  }

  /// Returns ‖a − b‖² for a neighbor b of the query a, a row of unit length or of zeros.
  package func squaredDistance(to neighbor: Neighbor, from query: Int, of rows: FeatureRows) -> Double {
    Double(neighbor.distance) + rows.unitSquare(query)
  }

  /// Returns the squared length ‖b‖² of each row.
  package func squaredLengths(_ rows: [Float]) -> [Float] {
    (0..<rows.count / width).map { row in
      rows[row * width..<(row + 1) * width].reduce(0) { sum, element in sum + element * element }
    }
  }
}
