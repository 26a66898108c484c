import Foundation
import TestSupport
import Testing

/// The bytes received from other ranks, as counted by the program.
struct CommunicationVolumeTests {
  private static let (samples, views, width) = (36, 2, 48)
  private static let options = [
    "--batch-size", "\(samples)", "--shard-size", "3", "--embedding-width", "\(width)", "--shapes-train", "72",
    "--image-size", "16",
  ]
  /// N·(4D + 4) + 4B.
  private static let bound = Double(samples * views * (4 * width + 4) + 4 * samples)

  @Test func `embeddings as bfloat16 take half of their bytes`() throws {
    let workshop = try Workshop()
    let path = workshop.path("bench.json")
    try succeeding(
      workshop.run(
        ranks: 2, ["bench", "--steps", "1", "--json", path, "--gather-precision", "bfloat16"] + Self.options))
    let saved = Double(Self.samples * Self.views * 2 * Self.width)
    #expect(try JSONFields(path: path).number("gathered_bytes_max") == (Self.bound - saved) / 2)
  }

  /// I3: a rank receives at most N·(4D + 4) + 4B bytes of a step's contrastive part.
  @Test(arguments: [2, 3, 4])
  func theContrastivePartStaysInItsBound(ranks: Int) throws {
    let workshop = try Workshop()
    let path = workshop.path("bench.json")
    try succeeding(
      workshop.run(ranks: ranks, ["bench", "--steps", "1", "--json", path] + Self.options))
    let largest = try JSONFields(path: path).number("gathered_bytes_max")
    #expect(largest <= Self.bound)
    // All but what the rank has itself: the count counts.
    #expect(largest == Self.bound * Double(ranks - 1) / Double(ranks))
  }

  @Test(arguments: ["shard", "global"])
  func metricsSayWhatCameInByPartAndByCollective(batchNorm: String) throws {
    let workshop = try Workshop()
    let steps = 3
    let ranks = 2
    try succeeding(
      workshop.run(
        ranks: ranks,
        [
          "pretrain", "--steps", "\(steps)", "--log-steps", "1", "--batch-norm", batchNorm, "--shortcut", "A",
          "--output", workshop.path("run"),
        ] + Self.options))
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
      #expect(0 < contrastive && contrastive <= Self.bound)
      // ResNet-20 has 19 BatchNorms with 688 channels in all, and sums 2 numbers a channel and a count of pixels, in
      // float64, there and back. Rank 0 receives its half of the two subtrees (6 of 12 shards) of rank 1, then the sum
      // of the other half.
      #expect(parts["statistics"] == (batchNorm == "global" ? Double(2 * 8 * (2 * 688 + 688 + 19)) : 0))
      let all = collectives.values.reduce(0) { sum, share in sum + (share["received_bytes"] ?? 0) }
      #expect(all == parts.values.reduce(0, +))
      #expect(collectives["MPI_Allgather"]?["calls"] == 4, "embeddings, labels, log-sum-exps, sums")
      #expect((collectives["MPI_Allgather"]?["seconds"] ?? 0) > 0)
    }
  }
}
