import Foundation
import Reporting
import Testing

/// Maps against scikit-learn's (scripts/make-map-fixtures.py).
struct MapTests {
  private struct Fixture: Decodable {
    let width, classes: Int
    let rows: [Float]
    let shares, points: [Double]
    /// The smallest and largest divergence of scikit-learn on rows that differ by 1e-6.
    let divergences: [String: [Double]]

    static func read() throws -> Fixture {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/map.json")
      return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }
  }

  @Test(arguments: [15, 30])
  func `the divergence of t-SNE is within 2 % of scikit-learn's exact method`(perplexity: Int) throws {
    let fixture = try Fixture.read()
    let map = TSNE(rows: fixture.rows, width: fixture.width, perplexity: Double(perplexity), threads: 2)
    let expected = try #require(fixture.divergences["\(perplexity)"])
    #expect(map.points.count == fixture.rows.count / fixture.width)
    #expect(
      map.divergence >= 0.98 * expected[0] && map.divergence <= 1.02 * expected[1],
      "\(map.divergence), expected \(expected)")
    // Rows go round the classes: neighbors on the map have the same remainder.
    let sameClass = map.points.indices.count { row in
      let nearest = map.points.indices.filter { other in other != row }.min { one, other in
        distance(map.points[one], map.points[row]) < distance(map.points[other], map.points[row])
      }
      return nearest.map { nearest in nearest % fixture.classes == row % fixture.classes } ?? false
    }
    #expect(Double(sameClass) > 0.8 * Double(map.points.count), "\(sameClass)")
  }

  @Test func `t-SNE does not depend on the number of threads`() throws {
    let fixture = try Fixture.read()
    let rows = Array(fixture.rows.prefix(40 * fixture.width))
    let one = TSNE(rows: rows, width: fixture.width, threads: 1)
    let three = TSNE(rows: rows, width: fixture.width, threads: 3)
    #expect(one.points.map(\.x) == three.points.map(\.x) && one.divergence == three.divergence)
  }

  @Test func `principal components are scikit-learn's`() throws {
    let fixture = try Fixture.read()
    let map = PrincipalComponents(rows: fixture.rows, width: fixture.width)
    #expect(abs(map.shares.x - fixture.shares[0]) < 1e-6 && abs(map.shares.y - fixture.shares[1]) < 1e-6)
    let coordinates = map.points.flatMap { point in [point.x, point.y] }
    let largest = zip(coordinates, fixture.points).map { own, expected in abs(own - expected) }.max() ?? .infinity
    #expect(coordinates.count == fixture.points.count && largest < 1e-5, "\(largest)")
  }

  @Test func `rows without variance, one row and no row have a map`() {
    for count in [0, 1, 20] {
      let map = PrincipalComponents(rows: [Float](repeating: 0.5, count: count * 4), width: 4)
      #expect(map.points.count == count && map.points.allSatisfy { point in point.x == 0 && point.y == 0 })
    }
    let map = TSNE(rows: [Float](repeating: 0.5, count: 20 * 4), width: 4)
    #expect(map.points.allSatisfy { point in point.x.isFinite && point.y.isFinite })
  }

  private func distance(_ one: (x: Double, y: Double), _ other: (x: Double, y: Double)) -> Double {
    (one.x - other.x) * (one.x - other.x) + (one.y - other.y) * (one.y - other.y)
  }
}
