import Foundation
import ImageCodecs
import Imaging
import TestSupport
import Testing

/// `supcon plan`: it is right about what a run takes, and leaves nothing behind.
struct PlanTests {
  /// The parts of a plan that the tests look at; decoding fails where a key is missing.
  private struct Plan: Decodable {
    struct Item: Decodable {
      let name: String
      let bytes: Int
    }

    struct Part: Decodable {
      let name: String
      let count: Int
    }

    struct Stage: Decodable {
      let imageSize: Int
      let steps: Int
      let secondsPerStep: Double
    }

    let command: String
    let ranks: Int
    let parameters: [Part]
    let parametersTotal: Int
    let memoryPerRank: [Item]
    let memoryPerRankBytes: Int
    let memoryPerHostBytes: Int
    let fits: Bool
    let shardsPerRank: Int
    let shardsKept: Int
    let stepsPerEpoch: Int
    let steps: Int
    let secondsPerStep: Double?
    let secondsPerEpoch: Double?
    let secondsTotal: Double?
    let stages: [Stage]?
    let checkpointBytes: Int
  }

  private func plan(_ workshop: Workshop, ranks: Int = 1, _ arguments: [String]) throws -> Plan {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try succeeding(workshop.run(ranks: ranks, ["plan", "--json"] + arguments))
    return try decoder.decode(Plan.self, from: Data(result.standardOutput.utf8))
  }

  /// The memory that a run of two steps takes differs from its plan by less than 15 %.
  @Test(arguments: [
    (ranks: 1, options: ["--precision", "float32", "--batch-size", "128"]),
    (ranks: 1, options: ["--precision", "auto", "--batch-size", "128"]),
    (ranks: 2, options: ["--precision", "auto", "--batch-size", "128"]),
    (ranks: 3, options: ["--model", "resnet18", "--batch-size", "24", "--shard-size", "4", "--optimizer", "adamw"]),
    (ranks: 1, options: ["--model", "resnet18", "--batch-size", "64", "--activation-memory", "100MB"]),
    (ranks: 1, options: ["--batch-size", "64", "--threads", "2", "--optimizer", "adamw", "--head-batch-norm"]),
    (ranks: 1, options: ["--batch-size", "128", "--batch-norm", "global", "--activation-memory", "200MB"]),
    // Several models in one process, whose packed weights are common.
    (ranks: 1, options: ["--model", "resnet18", "--batch-size", "16", "--shard-size", "8", "--threads", "2"]),
    (ranks: 1, options: ["--model", "resnet18", "--batch-size", "32", "--shard-size", "8", "--batch-norm", "global"]),
  ])
  func memoryIsAsPlanned(ranks: Int, options: [String]) throws {
    let workshop = try Workshop()
    let arguments = options + ["--steps", "2", "--shapes-train", "256"]
    let planned = try plan(workshop, ranks: ranks, arguments)
    try succeeding(workshop.run(ranks: ranks, ["pretrain", "--output", workshop.path("run")] + arguments))
    if ranks == 1 {
      // One of several ranks touches only its part of the optimizer state that they share.
      let measured = try workshop.summary("run").number("peak_rss_bytes_max")
      let ratio = Double(planned.memoryPerRankBytes) / measured
      #expect(abs(ratio - 1) < 0.15, "\(planned.memoryPerRankBytes) planned, \(measured) measured")
    }
    // What ranks share counts once in both.
    let sum = try workshop.summary("run").number("peak_rss_bytes_sum")
    #expect(abs(Double(planned.memoryPerHostBytes) / sum - 1) < 0.15, "\(planned.memoryPerHostBytes), \(sum)")
  }

  /// Compares the planned memory of a run on one rank with what the run takes, and returns the bytes of an item.
  private func expectMemoryAsPlanned(_ workshop: Workshop, _ options: [String], item: String) throws -> Int {
    let planned = try plan(workshop, options)
    #expect(planned.memoryPerRank.allSatisfy { one in one.bytes > 0 }, "\(planned.memoryPerRank)")
    #expect(planned.memoryPerRank.reduce(0) { sum, one in sum + one.bytes } == planned.memoryPerRankBytes)
    try succeeding(workshop.run(["pretrain", "--output", workshop.path("run")] + options))
    let measured = try workshop.summary("run").number("peak_rss_bytes_max")
    let ratio = Double(planned.memoryPerRankBytes) / measured
    #expect(abs(ratio - 1) < 0.15, "\(planned.memoryPerRankBytes) planned, \(measured) measured: \(options)")
    return planned.memoryPerRank.first { one in one.name == item }?.bytes ?? 0
  }

  /// An evaluation has an encoder of its own, whose weights are packed in another order.
  @Test(arguments: [
    ["--model", "resnet18", "--batch-size", "32", "--shard-size", "32", "--evaluate-epochs", "1"],
    ["--model", "resnet18", "--batch-size", "32", "--shard-size", "8", "--threads", "2", "--evaluate-epochs", "1"],
    ["--model", "resnet20", "--width-multiplier", "4", "--batch-size", "32", "--shard-size", "16"],
    // No evaluation, but a test of the classifier after the last step.
    [
      "--model", "resnet18", "--batch-size", "16", "--shard-size", "8", "--evaluate-epochs", "0",
      "--cross-entropy-weight", "1",
    ],
  ])
  func `memory of evaluations and tests is planned for`(options: [String]) throws {
    let workshop = try Workshop()
    let small = ["--shapes-train", "64", "--shapes-test", "64", "--epochs", "1", "--steps", "2"]
    let bytes = try expectMemoryAsPlanned(workshop, options + small, item: "evaluations and tests")
    #expect(bytes > 60_000_000, "\(bytes)")
  }

  @Test func `only a run that evaluates or tests plans memory for it`() throws {
    let workshop = try Workshop()
    func evaluates(_ options: [String]) throws -> Bool {
      let small = ["--model", "resnet8", "--batch-size", "8", "--shard-size", "4", "--shapes-train", "16"]
      return try plan(workshop, small + options).memoryPerRank.contains { item in item.name == "evaluations and tests" }
    }
    // Two steps an epoch.
    #expect(try evaluates(["--epochs", "2"]))
    #expect(try !evaluates(["--epochs", "2", "--evaluate-epochs", "0"]))
    #expect(try !evaluates(["--epochs", "2", "--evaluate-epochs", "2", "--steps", "3"]))
    #expect(try evaluates(["--epochs", "2", "--evaluate-epochs", "2", "--steps", "3", "--cross-entropy-weight", "1"]))
  }

  /// The teacher's packed weights are those of all threads and shards, however many rows a shard has.
  @Test func `memory with a teacher is as planned`() throws {
    let workshop = try Workshop()
    let data = ["--shapes-train", "128", "--shapes-test", "32", "--evaluate-epochs", "0"]
    let teacher = ["--model", "resnet18", "--batch-size", "16", "--shard-size", "8", "--steps", "1"]
    try succeeding(workshop.run(["supervised", "--output", workshop.path("teacher")] + teacher + data))
    for batch in [["32", "8"], ["64", "32"]] {
      let student = [
        "--model", "resnet20", "--batch-size", batch[0], "--shard-size", batch[1], "--steps", "2", "--teacher",
        workshop.path("teacher"), "--cross-entropy-weight", "0.5",
      ]
      try? FileManager.default.removeItem(atPath: workshop.path("run"))
      let bytes = try expectMemoryAsPlanned(workshop, student + data, item: "teacher's packed weights")
      // 11 million weights of four bytes at the least.
      #expect(bytes > 40_000_000, "\(bytes)")
    }
  }

  @Test func `each size of views is timed, and the whole run is the sum`() throws {
    let workshop = try Workshop()
    // Four steps an epoch.
    let options = [
      "--model", "resnet8", "--batch-size", "32", "--shard-size", "16", "--shapes-train", "128", "--epochs", "6",
      "--progressive-size", "16,24", "--progressive-epochs", "2,3",
    ]
    let all = try plan(workshop, options)
    let (step, total) = (try #require(all.secondsPerStep), try #require(all.secondsTotal))
    let stages = try #require(all.stages)
    #expect(stages.map(\.imageSize) == [16, 24] && stages.map(\.steps) == [8, 4] && all.steps == 24)
    #expect(stages.allSatisfy { stage in stage.secondsPerStep > 0 })
    // A quarter of the pixels takes less time; other work on the machine may disturb one plan, but hardly four.
    var isFaster = stages[0].secondsPerStep < step
    for _ in 0..<3 where !isFaster {
      let again = try plan(workshop, options)
      isFaster = try #require(again.stages)[0].secondsPerStep < #require(again.secondsPerStep)
    }
    #expect(isFaster)
    let sum = stages.reduce(12 * step) { sum, stage in sum + Double(stage.steps) * stage.secondsPerStep }
    #expect(abs(total / sum - 1) < 1e-9)
    // A run that ends in the second stage has no later one.
    let short = try plan(workshop, options + ["--steps", "9"])
    #expect(short.stages?.map(\.steps) == [8, 1])
    let table = try succeeding(workshop.run(["plan"] + options + ["--steps", "3"])).standardOutput
    #expect(table.contains("an epoch at the full size") && table.contains("views of 16 pixels"), "\(table)")
    #expect(!table.contains("views of 24 pixels"))
    #expect(try plan(workshop, Array(options.dropLast(4))).stages == nil)
  }

  @Test func planAgreesWithItselfAndWritesNothing() throws {
    let workshop = try Workshop()
    let before = try FolderSnapshot(workshop.path("."))
    let options = [
      "--dataset", "cifar10", "--data", workshop.data, "--batch-size", "32", "--shard-size", "4", "--epochs", "3",
    ]
    let plan = try plan(workshop, ranks: 2, options)
    #expect(plan.command == "plan" && plan.ranks == 2 && plan.fits)
    #expect(plan.memoryPerRank.reduce(0) { sum, item in sum + item.bytes } == plan.memoryPerRankBytes)
    #expect(plan.parameters.map(\.name) == ["stem", "layer1", "layer2", "layer3", "head"])
    #expect(plan.parameters.reduce(0) { sum, part in sum + part.count } == plan.parametersTotal)
    #expect(plan.shardsPerRank == 4 && plan.shardsKept == 4)
    #expect(plan.stepsPerEpoch == 6 && plan.steps == 18)
    let (step, epoch) = (try #require(plan.secondsPerStep), try #require(plan.secondsPerEpoch))
    #expect(step > 0 && abs(epoch / (6 * step) - 1) < 1e-9)
    #expect(try FolderSnapshot(workshop.path(".")).changes(since: before).isEmpty)

    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    let file = try Data(contentsOf: URL(fileURLWithPath: workshop.path("run/checkpoints/step-00000001.safetensors")))
    #expect(abs(Double(file.count) / Double(plan.checkpointBytes) - 1) < 0.05)
  }

  @Test func ranksAndActivationMemoryArePlannedFor() throws {
    let workshop = try Workshop()
    let alone = try plan(workshop, ["--ranks", "8", "--batch-size", "256"])
    #expect(alone.ranks == 8 && alone.shardsPerRank == 1)
    let tight = try plan(workshop, ["--activation-memory", "0", "--batch-size", "256"])
    #expect(tight.shardsPerRank == 8 && tight.shardsKept == 1)
    let table = try succeeding(workshop.run(["plan", "--activation-memory", "0", "--batch-size", "256"])).standardOutput
    for part in ["parameters", "optimizer state", "kept for 1 of 8 shards", "an epoch", "checkpoints"] {
      #expect(table.contains(part), "\(part)")
    }
    // Shards that share statistics exist side by side, also where nothing is kept but the outputs of blocks.
    let shared = try succeeding(
      workshop.run(["plan", "--activation-memory", "0", "--batch-size", "256", "--batch-norm", "global"])
    ).standardOutput
    for part in ["kept for 0 of 8 shards", "the outputs of blocks", "side by side"] {
      #expect(shared.contains(part), "\(part)")
    }
  }

  @Test func whatDoesNotFitIsSaidWithoutTrying() throws {
    let workshop = try Workshop()
    let plan = try plan(
      workshop,
      [
        "--model", "resnet50", "--image-size", "224", "--stem", "cifar", "--batch-size", "4096", "--shard-size", "4096",
        "--steps", "1",
      ])
    #expect(!plan.fits && plan.secondsPerStep == nil)
  }

  @Test func classesAndEncoderAreThoseOfTheRunToBe() throws {
    let workshop = try Workshop()
    let small = ["--batch-size", "8", "--shard-size", "4", "--steps", "1"]
    try succeeding(workshop.pretrain("wide", configuration: small, ["--width-multiplier", "2"]))
    let wide = try plan(workshop, ["--width-multiplier", "2"] + small)
    let inherited = try plan(workshop, ["--init", workshop.path("wide")] + small)
    #expect(inherited.memoryPerRankBytes > 0 && inherited.checkpointBytes == wide.checkpointBytes)

    // Fewer classes than the probe's images have.
    let classes = ["--dataset", "folder", "--data", workshop.path("two"), "--image-size", "32"]
    for split in ["train", "val"] {
      for (name, shade) in [("dark", UInt8(40)), ("light", 200)] {
        let folder = URL(fileURLWithPath: workshop.path("two/\(split)/\(name)"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<8 {
          let image = RGBImage(width: 32, height: 32, samples: [UInt8](repeating: shade + UInt8(number), count: 3072))
          try Data(image.pngBytes()).write(to: folder.appendingPathComponent("\(number).png"))
        }
      }
    }
    _ = try plan(workshop, classes + small + ["--cross-entropy-weight", "1"])
  }

  @Test func otherRanksThanStartedAreRefused() throws {
    let workshop = try Workshop()
    expectRefusal(try workshop.run(ranks: 2, ["plan", "--ranks", "3"]), 64, naming: ["--ranks 3", "2 ranks"])
    expectRefusal(try workshop.run(["plan", "--ranks", "9"]), 64, naming: ["9 ranks for 8 shards"])
    // As many shards as the default batch of a small set has.
    let few = ["--model", "resnet8", "--shapes-train", "40", "--shapes-test", "10"]
    expectRefusal(try workshop.run(["plan", "--ranks", "8"] + few), 64, naming: ["8 ranks for 5 shards"])
    expectRefusal(try workshop.run(ranks: 6, ["bench"] + few), 64, naming: ["6 ranks for 5 shards"])
  }

  @Test func `a plan for ranks of unequal shares is made by one process`() throws {
    let workshop = try Workshop()
    let small = ["--ranks", "4", "--model", "resnet8", "--batch-size", "48", "--shard-size", "4"]
    #expect(try plan(workshop, small).shardsPerRank == 3)
    // 12 shards by weights that sum to 6: 4, 4, 2 and 2.
    #expect(try plan(workshop, small + ["--balance", "2,2,1,1"]).shardsPerRank == 4)
  }

  @Test(arguments: [["plan"], ["bench", "--steps", "1"], ["doctor"]])
  func `what a run would refuse is refused before it`(_ command: [String]) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("deeper", ["--steps", "0", "--model", "resnet14"]))
    let small = ["--model", "resnet8", "--shapes-train", "128", "--shapes-test", "32", "--epochs", "3"]
    try workshop.expectRefusal(
      command + small + ["--progressive-size", "18", "--progressive-epochs", "1"], 64,
      naming: ["--progressive-size 18", "multiple of 4"])
    try workshop.expectRefusal(
      command + small + ["--dataset", "shapes", "--init", workshop.path("deeper/encoder.safetensors")], 65,
      naming: ["not the encoder of --model resnet8"])
  }

  /// The part of a proposal that the test looks at.
  private struct Proposed: Decodable {
    struct Proposal: Decodable {
      let ranks: Int
      let threadsPerRank: Int
      let binding: String
      let memoryPerHostBytes: Int
      let recomputedShare: Double
    }

    let cores: Int
    let sockets: Int
    let proposals: [Proposal]
  }

  private func proposal(for host: [String], in workshop: Workshop) throws -> Proposed {
    let run = ["--batch-size", "256", "--precision", "float32"]
    let result = try succeeding(workshop.run(["plan", "--propose", "--json"] + host + run))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Proposed.self, from: Data(result.standardOutput.utf8))
  }

  @Test func `a proposal for a described host uses its cores, sockets and memory`() throws {
    let workshop = try Workshop()
    let proposed = try proposal(for: ["--cores", "8", "--sockets", "2", "--memory", "64GB"], in: workshop)
    let best = try #require(proposed.proposals.first)
    #expect((proposed.cores, proposed.sockets) == (8, 2))
    #expect((best.ranks, best.threadsPerRank, best.binding) == (2, 4, "core"))
    #expect(best.recomputedShare == 0)

    // Activations take at most half of the memory described, whatever this host has.
    let small = try #require(try proposal(for: ["--cores", "8", "--memory", "950MB"], in: workshop).proposals.first)
    #expect(small.recomputedShare > 0 && small.memoryPerHostBytes <= 950_000_000)

    for (options, words) in [
      (["--propose", "--ranks", "2"], "leave out --ranks"), (["--propose", "--threads", "2"], "chooses --threads"),
      (["--propose", "--balance", "2,1"], "chooses the number of ranks, and --balance has a number for each"),
      (["--cores", "8"], "--cores: describes the host of --propose"),
      (["--propose", "--cores", "9", "--sockets", "2"], "multiple of 2"),
      (["--propose", "--memory", "128"], "found 128 bytes; give the unit too, such as 128GB"),
      (["--propose", "--memory", "2MB"], "Error: the run fits no division into ranks and threads in 2.0 MB"),
      (["--propose", "--memory", "0"], "expected a number above 0 with its unit, such as 128GB"),
      (["--propose", "--memory", "-1"], "expected a number above 0 with its unit, such as 128GB"),
      (["--propose", "--memory", "much"], "expected a number above 0 with its unit, such as 128GB"),
    ] {
      let refused = try workshop.run(["plan"] + options)
      #expect(refused.exitCode == 64 && refused.standardError.contains(words), "\(options): \(refused.standardError)")
    }
  }
}
