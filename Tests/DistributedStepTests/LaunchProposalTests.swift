import Configuration
import DistributedStep
import Foundation
import ImageCodecs
import Job
import TestSupport
import Testing

/// The choice of ranks and threads for a host.
struct LaunchProposalTests {
  private static let views = ImageSize(width: 32, height: 32)

  private func configuration(_ options: [String: String]) throws -> Configuration {
    var configuration = Configuration()
    configuration.compute.precision = .float32
    configuration.batches.size = Int(options["batch-size"] ?? "") ?? 256
    configuration.batches.shardSize = Int(options["shard-size"] ?? "") ?? 32
    configuration.resolveStem(for: Self.views)
    return configuration
  }

  private func proposals(
    cores: Int, sockets: Int, gigabytes: Double, _ options: [String: String] = [:]
  ) throws -> [LaunchProposal] {
    try LaunchProposal.proposals(
      configuration(options), viewSize: Self.views, teacher: nil,
      evaluatedSamples: options["evaluated"].flatMap { count in Int(count) },
      on: HostTopology(cores: cores, sockets: sockets, memoryByteCount: Int(1e9 * gigabytes)))
  }

  @Test func `one rank for all cores of a socket takes the least memory at the same speed`() throws {
    let best = try #require(try proposals(cores: 8, sockets: 1, gigabytes: 64).first)
    #expect((best.ranks, best.threads, best.turns) == (1, 8, 1))
  }

  @Test func `there is a rank for each socket`() throws {
    let all = try proposals(cores: 8, sockets: 2, gigabytes: 64)
    #expect(all.allSatisfy { proposal in proposal.ranks.isMultiple(of: 2) })
    #expect((all.first?.ranks, all.first?.threads) == (2, 4))
  }

  @Test func `no more cores are used than there are shards`() throws {
    let best = try #require(try proposals(cores: 64, sockets: 1, gigabytes: 64, ["batch-size": "96"]).first)
    #expect((best.ranks, best.threads) == (1, 3))
  }

  @Test func `a division of the shards over the ranks of another launch is ignored`() throws {
    var divided = try self.configuration([:])
    divided.compute.balance = .weights([3, 1])
    let all = try LaunchProposal.proposals(
      divided, viewSize: Self.views, teacher: nil, evaluatedSamples: nil,
      on: HostTopology(cores: 8, sockets: 1, memoryByteCount: 64_000_000_000))
    let turns = Dictionary(uniqueKeysWithValues: all.map { proposal in (proposal.ranks, proposal.turns) })
    // Each of the eight cores has one of the eight shards.
    #expect([1, 2, 4, 8].map { ranks in turns[ranks] } == [1, 1, 1, 1])
  }

  @Test func `what does not fit is not proposed`() throws {
    #expect(try proposals(cores: 8, sockets: 1, gigabytes: 0.01).isEmpty)
    let all = try proposals(cores: 8, sockets: 1, gigabytes: 64)
    let sizes = all.map(\.byteCount)
    // Halfway, since the memory of other tests, which this process takes at the same time, counts in each.
    let limit = try (#require(sizes.min()) + #require(sizes.max())) / 2
    let fewer = try proposals(cores: 8, sockets: 1, gigabytes: 1e-9 * Double(limit))
    #expect(!fewer.isEmpty && fewer.count < all.count && fewer.allSatisfy { proposal in proposal.byteCount <= limit })
  }

  @Test func `a run with evaluations needs memory for them on every rank`() throws {
    /// Returns the bytes of a host's ranks by their number.
    func bytes(_ options: [String: String]) throws -> [Int: Int] {
      let all = try proposals(cores: 4, sockets: 1, gigabytes: 64, options)
      return Dictionary(all.map { proposal in (proposal.ranks, proposal.byteCount) }) { one, other in min(one, other) }
    }
    // So many that the memory of other tests, which this process takes at the same time, does not matter.
    let samples = 10_000_000
    let (without, with) = (try bytes([:]), try bytes(["evaluated": "\(samples)"]))
    #expect(without.count > 1 && Set(without.keys) == Set(with.keys))
    for (ranks, byteCount) in without {
      // Every rank holds all of ResNet-20's representations, of 64 numbers, and has computed its part of them in place.
      let more = (with[ranks] ?? 0) - byteCount
      #expect(abs(more - ranks * samples * 64 * 4) < 1_000_000_000, "\(ranks): \(more)")
    }
  }
}

/// The memory of a rank by its batch, its threads and its classes.
struct RankMemoryTests {
  /// Returns the estimated bytes of one rank in shards of 32, with a thread for each core, as far as there are shards.
  private func bytes(cores: Int, batchSize: Int = 256, classes: Int? = nil) throws -> Int {
    var configuration = Configuration()
    configuration.compute.precision = .float32
    configuration.compute.activationMemory = .bytes(0)
    configuration.batches.size = batchSize
    configuration.batches.shardSize = 32
    if let classes {
      configuration.loss.weight = 0
      configuration.classifier.weight = 1
      configuration.classifier.classes = classes
    }
    let views = ImageSize(width: 32, height: 32)
    configuration.resolveStem(for: views)
    let proposals = try LaunchProposal.proposals(
      configuration, viewSize: views, teacher: nil, evaluatedSamples: nil,
      on: HostTopology(cores: cores, sockets: 1, memoryByteCount: 64_000_000_000))
    return try #require(proposals.first { proposal in proposal.ranks == 1 }).byteCount
  }

  // The memory of other tests, which this process takes at the same time, is below a gigabyte.
  private static let noise = 1_000_000_000

  @Test func `views are made ahead for the shards of two steps, however many cores are idle`() throws {
    let more = try bytes(cores: 4096) - bytes(cores: 8)
    #expect(abs(more - 2 * 8 * 64 * 3 * 32 * 32 * 4) < Self.noise, "\(more)")
  }

  @Test func `each row has a logit for each class`() throws {
    let more = try bytes(cores: 1, batchSize: 4096, classes: 100_000) - bytes(cores: 1, classes: 100_000)
    #expect(abs(more - 2 * (4096 - 256) * 100_000 * 4) < Self.noise, "\(more)")
  }

  // The 16 CPUs of a job that four ranks share, the same for each of four ranks that are tied to them, and quotas.
  @Test(
    arguments: [(16, nil, 4, 4, 0), (16, nil, 4, 1, 12), (64, nil, 2, 2, 28), (64, 8, 2, 2, 0), (64, 40, 2, 2, 16)]
      as [(Int, Double?, Int, Int, Int)])
  func `idle CPUs are divided among the ranks that may run on them`(
    allowed: Int, quota: Double?, ranks: Int, sharing: Int, idle: Int
  ) {
    let count = SpareProcessors.count(
      ranksOnHost: ranks, sharing: sharing, threads: 4, allowed: allowed, quota: quota)
    #expect(count == idle)
  }
}

/// A host's cores and sockets as the kernel reports them.
struct HostTopologyTests {
  /// Writes files such as `/sys/devices/system/cpu/cpu0/topology/core_id` and lends their folder.
  private func withSystem(
    online: String, _ places: [(socket: Int, core: Int)], _ body: (_ path: String) throws -> Void
  ) throws {
    let folder = try TemporaryDirectory()
    for (processor, place) in places.enumerated() {
      let topology = folder.file("cpu/cpu\(processor)/topology")
      try FileManager.default.createDirectory(atPath: topology, withIntermediateDirectories: true)
      try writeBytes(Array("\(place.socket)\n".utf8), to: "\(topology)/physical_package_id")
      try writeBytes(Array("\(place.core)\n".utf8), to: "\(topology)/core_id")
    }
    try writeBytes(Array("\(online)\n".utf8), to: folder.file("cpu/online"))
    try body(folder.path)
  }

  /// Two sockets of two cores with two hardware threads each.
  private static let eight = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0), (0, 1), (1, 0), (1, 1)].map { place in
    (socket: place.0, core: place.1)
  }

  @Test func `hardware threads of a core count once`() throws {
    try withSystem(online: "0-7", Self.eight) { path in
      let topology = try HostTopology(
        HostTopology.Description(), system: path, allowed: nil, quota: nil, available: 1000)
      #expect(topology == HostTopology(cores: 4, sockets: 2, memoryByteCount: 1000))
    }
  }

  @Test func `only the processors that a job may use count`() throws {
    try withSystem(online: "0-7", Self.eight) { path in
      let topology = try HostTopology(
        HostTopology.Description(), system: path, allowed: [0, 1, 4], quota: nil, available: 1000)
      #expect(topology == HostTopology(cores: 2, sockets: 1, memoryByteCount: 1000))
    }
  }

  @Test(arguments: [(nil, 4, 2), (8, 4, 2), (2.5, 2, 2), (3, 3, 1), (0.5, 1, 1)] as [(Double?, Int, Int)])
  func `cores beyond the quota of a control group do not count`(quota: Double?, cores: Int, sockets: Int) throws {
    try withSystem(online: "0-7", Self.eight) { path in
      let topology = try HostTopology(
        HostTopology.Description(), system: path, allowed: nil, quota: quota, available: 1000)
      #expect(topology == HostTopology(cores: cores, sockets: sockets, memoryByteCount: 1000))
      var description = HostTopology.Description()
      description.cores = 4
      let described = try HostTopology(description, system: path, allowed: nil, quota: quota, available: 1000)
      #expect(described.cores == 4)
      let notes = HostTopology.contradictions(description, system: path, allowed: nil, quota: quota, available: 1000)
      #expect(notes.map { note in note.contains("this host has \(cores) usable") } == (cores == 4 ? [] : [true]))
    }
  }

  @Test func `a job with more cores on one socket than on the other has one socket`() throws {
    try withSystem(online: "0-7", Self.eight) { path in
      let topology = try HostTopology(
        HostTopology.Description(), system: path, allowed: [0, 1, 2], quota: nil, available: 1000)
      #expect(topology == HostTopology(cores: 3, sockets: 1, memoryByteCount: 1000))
    }
  }

  @Test func `a described host replaces this one and differences are said`() throws {
    var description = HostTopology.Description()
    (description.cores, description.sockets, description.memoryByteCount) = (64, 2, 128_000_000_000)
    try withSystem(online: "0-7", Self.eight) { path in
      let topology = try HostTopology(description, system: path, allowed: nil, quota: nil, available: 1000)
      #expect(topology == HostTopology(cores: 64, sockets: 2, memoryByteCount: 128_000_000_000))
      let notes = HostTopology.contradictions(description, system: path, allowed: nil, quota: nil, available: 1000)
      #expect(notes.count == 1 && notes[0].contains("--cores 64") && notes[0].contains("4 usable"))
    }
  }

  @Test func `an unreadable topology is named with its remedy`() throws {
    let error = #expect(throws: RunError.self) {
      try HostTopology(HostTopology.Description(), system: "/nonexistent", allowed: nil, available: 1000)
    }
    #expect(error?.description.contains("/nonexistent/cpu") == true)
    #expect(error?.description.contains("--cores") == true)
  }

  @Test func `contradicting numbers are refused`() {
    var description = HostTopology.Description()
    (description.cores, description.sockets) = (9, 2)
    #expect(description.problem?.contains("multiple of 2") == true)
    (description.cores, description.sockets) = (0, nil)
    #expect(description.problem?.contains("--cores 0") == true)
  }

  @Test(arguments: [(1, "1 byte", "1GB"), (128, "128 bytes", "128GB"), (1 << 19, "524288 bytes", "128GB")])
  func `a memory without its unit is refused`(bytes: Int, text: String, advice: String) {
    var description = HostTopology.Description()
    description.memoryByteCount = bytes
    let problem = description.problem ?? ""
    for part in ["--memory: ", "found \(text);", "such as \(advice)"] {
      #expect(problem.contains(part), "\(part): \(problem)")
    }
    description.memoryByteCount = 1 << 20
    #expect(description.problem == nil)
  }
}
