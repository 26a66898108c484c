import Datasets
import Measures

/// A test image with the training images whose representations have the highest cosine similarity to its own.
struct NeighborStudy {
  let sample: Int
  /// The nearest training images, nearest first, with their cosine similarities.
  let neighbors: [(sample: Int, similarity: Double)]

  private static let queryLimit = 6
  private static let neighborCount = 6

  /// Finds the neighbors of six test images, which are of different classes if possible.
  static func studies(_ sets: StudiedSets, training: FeatureRows, test: FeatureRows) throws -> [NeighborStudy] {
    let queries = StudiedSets.ofManyClasses(sets.test, queryLimit)
    let search = KNearestNeighbors(
      k: sets.shared.searchedCount(neighborCount, among: training.count), width: test.width)
    let norms = search.squaredLengths(training.features)
    return try queries.map { query in
      let nearest = try search.neighbors(of: test, query..<query + 1, training, norms)[0]
      return NeighborStudy(
        sample: query,
        neighbors: sets.shared.others(nearest, of: query, limit: neighborCount).map { neighbor in
          (neighbor.sample, search.similarity(of: neighbor, norms))
        })
    }
  }
}
