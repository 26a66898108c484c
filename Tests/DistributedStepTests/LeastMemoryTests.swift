import Configuration
import DistributedStep
import Testing

/// The refusal of a run that no host or rank can give its memory.
struct LeastMemoryTests {
  /// torchvision's ResNet-18 without its classifier, with a stem of 3×3 in place of 7×7; and the head of two layers.
  private static let parameters = 11_176_512 - 64 * 3 * (49 - 9) + 512 * 512 + 512 + 512 * 128 + 128
  private static let vector = 4 * parameters

  private func least(_ options: [String: String] = [:]) throws -> LeastMemory {
    var given = ConfigurationOverrides()
    given.give("resnet18", for: "model")
    for (name, text) in options { given.give(text, for: name) }
    try #require(given.problem == nil)
    return try LeastMemory(given.applied(to: Configuration()))
  }

  private func limits(ranks: Int = 1, _ change: (inout LeastMemory.Limits) -> Void) -> [LeastMemory.Limits] {
    var limits = LeastMemory.Limits(host: "node1", ranksOnHost: ranks)
    change(&limits)
    return Array(repeating: limits, count: ranks)
  }

  @Test(arguments: [(["optimizer": "sgd"], 2), (["optimizer": "adamw"], 3), (["weight-average": "0.999"], 3)])
  func `the state is parameters, optimizer and average`(options: [String: String], vectors: Int) throws {
    let least = try least(options)
    #expect(least.gradients == Self.vector)
    #expect(least.state == vectors * Self.vector)
  }

  @Test func `a host must hold the state once, or for each rank, and the gradients of each`() throws {
    func isRefused(_ options: [String: String], ranks: Int, _ bytes: Int) throws -> Bool {
      try least(options).problem(limits(ranks: ranks) { limits in limits.ofHost = bytes }) != nil
    }
    let apart = ["shared-memory": "off"]
    for (options, ranks, vectors) in [([:], 1, 3), ([:], 4, 6), (apart, 4, 12)] as [([String: String], Int, Int)] {
      #expect(try !isRefused(options, ranks: ranks, vectors * Self.vector))
      #expect(try isRefused(options, ranks: ranks, vectors * Self.vector - 1))
    }
    // What recomputation saves, or a smaller shard, does not count.
    let large = ["batch-size": "1048576", "shard-size": "1048576", "activation-memory": "1000000GB"]
    #expect(try !isRefused(large, ranks: 1, 3 * Self.vector))
  }

  @Test func `limits of a control group and of the address space count for each rank`() throws {
    let least = try least()
    #expect(least.problem(limits(ranks: 2) { limits in limits.ofGroup = 2 * Self.vector }) == nil)
    #expect(least.problem(limits(ranks: 2) { limits in limits.ofAddressSpace = 3 * Self.vector }) == nil)
    #expect(least.problem(limits(ranks: 2) { _ in }) == nil, "without limits")
    let group = try #require(least.problem(limits(ranks: 2) { limits in limits.ofGroup = 2 * Self.vector - 1 }))
    #expect(group.description.hasPrefix("rank 0 on host node1: ") && group.problem.contains("control group"))
    let space = try #require(least.problem(limits { limits in limits.ofAddressSpace = 3 * Self.vector - 1 }))
    #expect(space.problem.contains("ulimit -v") && space.remedy.contains("--width-multiplier"))
    #expect(space.exitCode == .usage)
  }

  @Test func `the refusal says how much is needed, how much there is, and what would help`() throws {
    let least = try least()
    var ranks = limits(ranks: 2) { limits in limits.ofHost = 1_000_000_000 }
    ranks[1].host = "node2"
    ranks[1].ofHost = 100_000_000
    let error = try #require(least.problem(ranks))
    // Two vectors of the state and two of gradients, of 46 MB each.
    for part in ["host node2: 2 ranks", "0.2 GB", "0.1 GB"] { #expect(error.problem.contains(part), "\(error)") }
    #expect(error.remedy.contains("fewer ranks") && error.remedy.contains("smaller encoder"))
  }
}
