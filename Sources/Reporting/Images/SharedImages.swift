import Datasets
import Measures

/// The images that queries and the images to search in have in common, so that none is found as its own neighbor.
package struct SharedImages: Sendable {
  /// The row of each query's own image among those to search in, or `nil`; empty if no image is in both.
  private let rows: [Int?]

  /// Creates the value for queries that are not among the images to search in.
  package init() {
    rows = []
  }

  /// Creates the value for evenly spaced queries and images to search in, both from the same `count` images.
  ///
  /// - Parameters:
  ///   - queryLimit: The largest number of queries.
  ///   - searchedLimit: The largest number of images to search in.
  ///   - count: The number of all images.
  package init(queryLimit: Int, searchedLimit: Int, of count: Int) {
    let places = Dictionary(
      uniqueKeysWithValues: evenlySpaced(searchedLimit, below: count).enumerated().map { row, sample in
        (sample, row)
      })
    rows = evenlySpaced(queryLimit, below: count).map { sample in places[sample] }
  }

  /// Returns the number of neighbors to find, of which `limit` are left without the query itself.
  package func searchedCount(_ limit: Int, among count: Int) -> Int {
    min(limit + (rows.isEmpty ? 0 : 1), count)
  }

  /// Returns the number of neighbors, at most `limit`, that each query has among `count` images without itself.
  package func othersCount(_ limit: Int, among count: Int) -> Int {
    min(limit, count - (rows.isEmpty ? 0 : 1))
  }

  /// Returns the first `limit` of a query's neighbors that are other images.
  package func others(
    _ nearest: [KNearestNeighbors.Neighbor], of query: Int, limit: Int
  ) -> [KNearestNeighbors.Neighbor] {
    guard !rows.isEmpty, let own = rows[query] else { return Array(nearest.prefix(limit)) }
    return Array(nearest.filter { neighbor in neighbor.sample != own }.prefix(limit))
  }
}
