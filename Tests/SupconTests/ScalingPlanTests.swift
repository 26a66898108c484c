import Foundation
import TestSupport
import Testing

/// `supcon plan --hosts`: what it predicts is what runs count, and what it cannot plan is refused.
struct ScalingPlanTests {
  private struct Plan: Decodable {
    struct Scaling: Decodable {
      struct Message: Decodable {
        let name: String
        let collective: String
        let calls: Double
        let receivedBytes: Double
        let networkBytes: Double
        let seconds: Double
      }

      struct Row: Decodable {
        let hosts: Int
        let batchSize: Int
        let efficiency: Double
      }

      let secondsPerStep: Double
      let seconds: [String: Double]
      let efficiency: Double
      let networkShare: Double
      let networkBytesPerHost: Double
      let traffic: [Message]
      let weakScaling: [Row]
      let assumptions: [String]
    }

    struct MemoryItem: Decodable {
      let bytes: Int
      let shared: Bool
    }

    let ranks: Int
    let ranksOnHost: Int
    let memoryPerRank: [MemoryItem]
    let memoryPerRankBytes: Int
    let memoryPerHostBytes: Int
    let secondsPerStep: Double
    let scaling: Scaling
  }

  /// Shards that three ranks cannot divide evenly.
  private static let options = [
    "--batch-size", "32", "--shard-size", "4", "--shapes-train", "64", "--image-size", "16", "--embedding-width", "24",
  ]

  private func plan(_ workshop: Workshop, _ options: [String]) throws -> Plan {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try succeeding(workshop.run(["plan", "--json"] + Self.options + options))
    return try decoder.decode(Plan.self, from: Data(result.standardOutput.utf8))
  }

  @Test(arguments: [2, 3], ["float32", "bfloat16"])
  func `calls and bytes are those that a run counts`(ranks: Int, precision: String) throws {
    let workshop = try Workshop()
    let gather = ["--gather-precision", precision]
    let plan = try plan(workshop, ["--hosts", "\(ranks)", "--ranks", "1", "--link", "1Gb/s,50us"] + gather)
    #expect((plan.ranks, plan.ranksOnHost) == (ranks, 1))
    let path = workshop.path("bench.json")
    try succeeding(
      workshop.run(ranks: ranks, ["bench", "--steps", "1", "--json", path] + Self.options + gather))
    let bench = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    // The barriers of a host, whose ranks share the parameters, carry nothing.
    let counted = try #require(bench["collectives"] as? [String: [String: Double]]).filter { collective, _ in
      collective != "MPI_Barrier"
    }
    #expect(counted.count == 2)
    for (collective, share) in counted {
      let planned = plan.scaling.traffic.filter { message in message.collective == collective }
      #expect(planned.reduce(0) { sum, message in sum + message.calls } == share["calls"], "\(collective)")
      let bytes = planned.reduce(0) { sum, message in sum + message.receivedBytes }
      #expect(abs(bytes / (share["received_bytes"] ?? 0) - 1) < 1e-9, "\(collective)")
    }
  }

  /// 8 shards on 3 ranks: {0 1}, {2 3 4}, {5 6 7}; groups of 4 are on two ranks each, and one rank has both.
  @Test(arguments: [2, 3], ["global", "shards:4", "shards:2"])
  func `calls and bytes of shared statistics are those that a run counts`(ranks: Int, batchNorm: String) throws {
    let workshop = try Workshop()
    // Shortcuts of convolutions join the sums of two layers, and the head's BatchNorm takes two vectors forward.
    let shared = ["--batch-norm", batchNorm, "--model", "resnet8", "--shortcut", "B", "--head-batch-norm"]
    let plan = try plan(workshop, ["--hosts", "\(ranks)", "--ranks", "1", "--link", "1Gb/s,50us"] + shared)
    let path = workshop.path("bench.json")
    try succeeding(workshop.run(ranks: ranks, ["bench", "--steps", "1", "--json", path] + Self.options + shared))
    let bench = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    // The barriers of a host, whose ranks share the parameters, carry nothing.
    let counted = try #require(bench["collectives"] as? [String: [String: Double]]).filter { collective, _ in
      collective != "MPI_Barrier"
    }
    for (collective, share) in counted {
      let planned = plan.scaling.traffic.filter { message in message.collective == collective }
      #expect(planned.reduce(0) { sum, message in sum + message.calls } == share["calls"], "\(collective)")
      let bytes = planned.reduce(0) { sum, message in sum + message.receivedBytes }
      #expect(abs(bytes / (share["received_bytes"] ?? 0) - 1) < 1e-9, "\(collective)")
    }
    let statistics = plan.scaling.traffic.filter { message in message.name.hasPrefix("statistics'") }
    // Groups of 2 of 8 shards lie on one rank each where there are two.
    #expect(statistics.isEmpty == (ranks == 2 && batchNorm != "global"))
    #expect(
      abs(statistics.reduce(0) { sum, one in sum + one.seconds } - (plan.scaling.seconds["statistics"] ?? -1)) < 1e-12)
    #expect(abs(plan.scaling.seconds.values.reduce(0, +) / plan.scaling.secondsPerStep - 1) < 1e-9)
  }

  @Test func `a plan for hosts agrees with itself`() throws {
    let workshop = try Workshop()
    let plan = try plan(workshop, ["--hosts", "4", "--ranks", "2", "--link", "1Gb/s,50us"])
    let scaling = plan.scaling
    // Parameters and optimizer state are once on each host.
    let shared = plan.memoryPerRank.filter(\.shared).reduce(0) { sum, item in sum + item.bytes }
    #expect((plan.ranks, plan.ranksOnHost) == (8, 2) && shared > 0)
    #expect(plan.memoryPerHostBytes == 2 * plan.memoryPerRankBytes - shared)
    #expect(plan.secondsPerStep == scaling.secondsPerStep)
    #expect(abs(scaling.seconds.values.reduce(0, +) / scaling.secondsPerStep - 1) < 1e-9)
    #expect(scaling.networkShare > 0 && scaling.networkShare < 1 && scaling.efficiency > 0 && scaling.efficiency < 1)
    #expect(
      scaling.traffic.map(\.name) == ["embeddings", "labels", "log-sum-exps", "gradient slices", "gradient sums"])
    let network = scaling.traffic.reduce(0) { sum, message in sum + message.networkBytes }
    #expect(network == scaling.networkBytesPerHost)
    // Latency and transfer over 1 Gb/s at least.
    for message in scaling.traffic {
      #expect(message.seconds >= 50e-6 + message.networkBytes / 125e6 - 1e-12, "\(message.name)")
    }
    #expect(scaling.weakScaling.map(\.hosts) == [1, 2, 4] && scaling.weakScaling.map(\.batchSize) == [8, 16, 32])
    #expect(scaling.weakScaling.first?.efficiency == 1)
    let table = try succeeding(
      workshop.run(["plan", "--hosts", "2", "--ranks", "1", "--link", "100Mb/s,1ms"] + Self.options)
    ).standardOutput
    for part in ["2 hosts × 1 rank, 100 Mb/s, 1000 us", "efficiency against one host", "weak scaling"] {
      #expect(table.contains(part), "\(part)")
    }
    for assumption in scaling.assumptions.prefix(2) {
      #expect(table.contains(assumption.prefix(24)), "\(assumption)")
    }
  }

  @Test func `hosts that cannot be planned are refused`() throws {
    let workshop = try Workshop()
    let link = ["--link", "10Gb/s,30us"]
    for (options, parts) in [
      (["--hosts", "2"], ["--hosts 2", "needs --link", "10Gb/s,30us"]),
      (["--hosts", "2", "--batch-norm", "shards:3"] + link, ["--batch-norm shards:3", "1, 2, 4, 8"]),
      (["--hosts", "0"] + link, ["--hosts 0", "at least 1"]),
      (link, ["--link 10Gb/s,30us", "add --hosts"]),
      (["--hosts", "2", "--link", "10Gbit,30us"], ["--link 10Gbit,30us", "such as 10Gb/s,30us"]),
      (["--hosts", "9"] + link, ["--hosts 9: more hosts than the 8 shards", "at most 8 hosts"]),
      (["--hosts", "4", "--ranks", "3"] + link, ["12 ranks for 8 shards"]),
      (["--hosts", "2", "--propose"] + link, ["--propose", "leave out --hosts"]),
    ] {
      expectRefusal(try workshop.run(["plan"] + Self.options + options), 64, naming: parts)
    }
    expectRefusal(
      try workshop.run(ranks: 2, ["plan", "--hosts", "2"] + link + Self.options), 64,
      naming: ["--hosts 2", "leave out mpirun"])
  }
}
