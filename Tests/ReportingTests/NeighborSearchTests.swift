import Foundation
import MPI
import Measures
import Reporting
import Testing

/// The search for the nearest training images, by a single rank.
struct NeighborSearchTests {
  /// Rows of unit length at some degrees of a circle.
  private func rows(_ degrees: [Int]) -> FeatureRows {
    let features = degrees.flatMap { degree -> [Float] in
      let angle = Double(degree) * .pi / 180
      return [Float(cos(angle)), Float(sin(angle))]
    }
    return FeatureRows(features: features, labels: degrees.map { _ in 0 }, width: 2)
  }

  private func neighbors(
    _ search: NeighborSearch, of rows: FeatureRows, _ range: Range<Int>, counting activity: Activity = Activity()
  ) throws -> [[NearImage]] {
    try withMPI(activity: activity) { world in
      try search.neighbors(of: rows, range, over: world)
    } onFailure: { error, _ in
      Issue.record("\(error)")
      return 1
    }
  }

  @Test func `the nearest are found, and every block of rows counts as progress`() throws {
    let search = NeighborSearch(2, among: rows(Array(stride(from: 0, to: 360, by: 3))), threads: 2)
    let queries = rows(Array(0..<200))
    let activity = Activity()
    let found = try neighbors(search, of: queries, 0..<200, counting: activity)
    #expect(found.count == 200 && found.allSatisfy { neighbors in neighbors.count == 2 })
    for (degree, neighbors) in found.enumerated() {
      let expected = cos(degree % 3 == 0 ? 0 : Double.pi / 180)
      #expect(neighbors[0].sample == (degree + 1) / 3, "\(degree)")
      #expect(abs(neighbors[0].similarity - expected) < 1e-5 && neighbors[0].similarity <= 1, "\(degree)")
      #expect(neighbors[1].similarity <= neighbors[0].similarity)
    }
    #expect(activity.snapshot.phase == "nearest neighbors")
    // The phase, and four blocks of at most 64 rows.
    #expect(activity.snapshot.progress >= 1 + 4)
    let parts = try neighbors(search, of: queries, 0..<64) + neighbors(search, of: queries, 64..<200)
    #expect(parts == found)
  }

  @Test func `a representation of zeros lies at the center, at a distance of 1 from those of unit length`() throws {
    let points = FeatureRows(features: [1, 0, 0, 0], labels: [0, 0], width: 2)
    let found = try neighbors(NeighborSearch(2, among: points, threads: 1), of: points, 0..<2)
    #expect(found.map { near in near.map(\.sample) } == [[0, 1], [1, 0]])
    #expect(found.map { near in near.map(\.distance) } == [[0, 1], [0, 1]])
    let right = try neighbors(NeighborSearch(1, among: rows([90]), threads: 1), of: rows([0]), 0..<1)
    #expect(right.count == 1 && abs(right[0][0].distance - 2.0.squareRoot()) < 1e-6)
  }

  @Test func `a sheet has few neighbors of each image, a list any number`() {
    var request = NeighborsStage.Request(run: "run", images: ["new.jpg"])
    for (sheet, neighbors, isRefused) in [
      (nil, 101, false), ("a.html", 100, false), ("a.html", 101, true), ("a.png", 50_000, true),
    ] as [(String?, Int, Bool)] {
      (request.sheet, request.neighbors) = (sheet, neighbors)
      let problem = isRefused ? "--neighbors \(neighbors): --sheet shows at most 100; give fewer" : nil
      #expect(request.problem == problem)
    }
  }

  @Test func `many neighbors are gathered for few rows at a time`() throws {
    let few = NeighborSearch(10, among: rows(Array(0..<40)), threads: 1)
    #expect(few.ranges(of: 200) == [0..<200] && few.ranges(of: 0).isEmpty)
    let many = NeighborSearch(1_000_000, among: rows(Array(0..<40_000)), threads: 1)
    #expect(many.ranges(of: 200) == [0..<64, 64..<128, 128..<192, 192..<200])
    // All training images, where there are fewer than asked for.
    let both = try neighbors(NeighborSearch(9, among: rows([0, 90]), threads: 1), of: rows([80]), 0..<1)
    #expect(both[0].map(\.sample) == [1, 0])
  }
}
