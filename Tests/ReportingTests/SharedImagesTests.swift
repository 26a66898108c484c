import Measures
import Reporting
import Testing

/// Neighbors among images of which the queries are some.
struct SharedImagesTests {
  /// The neighbors of queries among other points of a line.
  private func neighbors(_ queries: [Int], _ searched: [Int], _ shared: SharedImages, limit: Int) throws -> [[Int]] {
    func rows(_ places: [Int]) -> FeatureRows {
      FeatureRows(features: places.map(Float.init), labels: places.map { _ in 0 }, width: 1)
    }
    let search = KNearestNeighbors(k: shared.searchedCount(limit, among: searched.count), width: 1)
    let training = rows(searched)
    let norms = search.squaredLengths(training.features)
    let lists = try search.neighbors(of: rows(queries), 0..<queries.count, training, norms)
    return lists.enumerated().map { query, nearest in
      shared.others(nearest, of: query, limit: limit).map { neighbor in searched[neighbor.sample] }
    }
  }

  @Test func `an image is not its own neighbor`() throws {
    let all = Array(0..<10)
    let same = SharedImages(queryLimit: 20, searchedLimit: 50, of: 10)
    #expect(try neighbors(all, all, same, limit: 2)[0...2] == [[1, 2], [0, 2], [1, 3]])
    // All others, if there are no more.
    #expect(try neighbors(all, all, same, limit: 20)[9] == [8, 7, 6, 5, 4, 3, 2, 1, 0])
    for limit in [2, 9, 10, 20] {
      #expect(try neighbors(all, all, same, limit: limit)[3].count == same.othersCount(limit, among: 10), "\(limit)")
    }
  }

  @Test func `it is left out where queries and searched images are different selections`() throws {
    let fewQueries = SharedImages(queryLimit: 2, searchedLimit: 10, of: 10)
    #expect(try neighbors([0, 5], Array(0..<10), fewQueries, limit: 2) == [[1, 2], [4, 6]])
    // Image 5 is not among the searched ones.
    let fewBoth = SharedImages(queryLimit: 2, searchedLimit: 5, of: 10)
    #expect(try neighbors([0, 5], [0, 2, 4, 6, 8], fewBoth, limit: 2) == [[2, 4], [4, 6]])
  }

  @Test func `of test images every neighbor counts`() throws {
    #expect(try neighbors([1], [0, 1, 2], SharedImages(), limit: 2) == [[1, 0]])
    #expect(SharedImages().othersCount(2, among: 3) == 2 && SharedImages().othersCount(20, among: 3) == 3)
  }
}
