import Foundation
import TestSupport
import Testing

/// What comes in from other ranks, as the program counts it.
struct TrafficTests {
  /// I3: a rank receives at most N·(4D + 4) + 4B bytes of a step's contrastive part.
  @Test(arguments: [2, 3, 4])
  func theContrastivePartStaysInItsBound(ranks: Int) throws {
    let workshop = try Workshop()
    let (samples, views, width) = (36, 2, 48)
    let steps = 4
    let options = [
      "--batch-size", "\(samples)", "--shard-size", "3", "--embedding-width", "\(width)", "--shapes-train", "72",
    ]
    let path = workshop.path("bench.json")
    try succeeding(
      workshop.run(ranks: ranks, ["bench", "--steps", "\(steps)", "--json", path] + options))
    let bound = Double(samples * views * (4 * width + 4) + 4 * samples)
    let largest = try JSONFields(path: path).number("gathered_bytes_max")
    #expect(largest <= bound)
    // All but what the rank has itself: the count counts.
    #expect(largest == bound * Double(ranks - 1) / Double(ranks))

    try succeeding(
      workshop.run(
        ranks: ranks,
        ["pretrain", "--steps", "\(steps)", "--log-steps", "1", "--output", workshop.path("run")] + options))
    let lines = try workshop.text("run/metrics.jsonl").split(separator: "\n").filter { line in
      line.contains("received_bytes_by_part")
    }
    #expect(lines.count == steps)
    for line in lines {
      let fields = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let parts = try #require(fields["received_bytes_by_part"] as? [String: Double])
      let collectives = try #require(fields["collectives"] as? [String: [String: Double]])
      let contrastive = (parts["gather"] ?? 0) + (parts["loss"] ?? 0)
      #expect(0 < contrastive && contrastive <= bound)
      let all = collectives.values.reduce(0) { sum, share in sum + (share["received_bytes"] ?? 0) }
      #expect(all == parts.values.reduce(0, +))
      #expect(collectives["MPI_Allgather"]?["calls"] == 4, "embeddings, labels, log-sum-exps, sums")
      #expect((collectives["MPI_Allgather"]?["seconds"] ?? 0) > 0)
    }
  }

  @Test func oneRankReceivesNothing() throws {
    let workshop = try Workshop()
    let path = workshop.path("bench.json")
    try succeeding(
      workshop.run([
        "bench", "--steps", "2", "--batch-size", "8", "--shard-size", "4", "--shapes-train", "64", "--json", path,
      ]))
    #expect(try JSONFields(path: path).number("gathered_bytes_max") == 0)
  }
}
