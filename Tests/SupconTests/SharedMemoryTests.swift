import Foundation
import TestSupport
import Testing

/// Parameters and optimizer state that the ranks of a host share (`--shared-memory`): the same bits, and less memory.
struct SharedMemoryTests {
  private static let small = ["--batch-size", "16", "--shard-size", "2", "--epochs", "3", "--image-size", "16"]

  // The weights of one rank are those of an array; a step that changes them while another rank reads would show here.
  @Test(arguments: [
    ["--optimizer", "sgd"], ["--optimizer", "adamw", "--weight-average", "0.9"],
    ["--optimizer", "lars", "--head-batch-norm", "--evaluate-epochs", "0"], ["--optimizer", "rmsprop"],
    ["--optimizer", "lars", "--batch-norm", "global", "--weight-average", "0.5"],
  ])
  func `shared memory changes no bit`(options: [String]) throws {
    let workshop = try Workshop()
    let configuration = Self.small + options
    func hashes(_ run: String) throws -> [String] {
      let summary = try workshop.summary(run)
      return [try summary.text("weights_sha256")]
        + (options.contains("--weight-average") ? [try summary.text("average_weights_sha256")] : [])
    }
    _ = try workshop.weights("alone", configuration: configuration, ["--steps", "5"])
    let expected = try hashes("alone")
    for ranks in 2...4 {
      for choice in ranks == 3 ? ["auto", "off"] : ["auto"] {
        let run = "\(choice)-\(ranks)"
        _ = try workshop.weights(
          run, ranks: ranks, configuration: configuration, ["--steps", "5", "--shared-memory", choice])
        #expect(try hashes(run) == expected, "\(run)")
      }
    }
    // The comparison of the ranks finds no difference, and a checkpoint of shared memory is that of the others.
    try succeeding(
      workshop.pretrain("resumed", ranks: 3, configuration: configuration, ["--steps", "2", "--check-ranks", "1"]))
    _ = try workshop.resumedWeights("resumed", ranks: 2, ["--steps", "3", "--check-ranks", "1"])
    _ = try workshop.resumedWeights("resumed", ["--steps", "4"])
    _ = try workshop.resumedWeights("resumed", ranks: 4, ["--steps", "5", "--shared-memory", "off"])
    #expect(try hashes("resumed") == expected)
  }

  // ResNet-18 has 11.5 million parameters, of which a rank without shared memory has three copies with Adam.
  @Test func `what ranks share counts once`() throws {
    let workshop = try Workshop()
    let options = [
      "--model", "resnet18", "--batch-size", "8", "--shard-size", "2", "--image-size", "16", "--steps", "2",
      "--optimizer", "adamw", "--evaluate-epochs", "0",
    ]
    func memory(_ run: String, _ choice: String) throws -> Double {
      try succeeding(
        workshop.pretrain(run, ranks: 3, configuration: options, ["--shared-memory", choice]))
      return try workshop.summary(run).number("peak_rss_bytes_sum")
    }
    let (shared, own) = (try memory("shared", "auto"), try memory("own", "off"))
    let parameters = 11.5e6
    #expect(own - shared > 0.8 * 2 * 12 * parameters, "\(own) and \(shared)")
    #expect(own - shared < 1.2 * 2 * 12 * parameters, "\(own) and \(shared)")
    #expect(try workshop.weights(of: "shared") == workshop.weights(of: "own"))
  }

  // 46 MB each for parameters and momentum, of which the limit is a part.
  @Test func `a rank that cannot share is noted, and its host has copies`() throws {
    let workshop = try Workshop()
    let configuration = [
      "--model", "resnet18", "--batch-size", "8", "--shard-size", "2", "--image-size", "16", "--evaluate-epochs", "0",
    ]
    let alone = try workshop.weights("alone", configuration: configuration, ["--steps", "2"])
    // Rank 0, which writes the checkpoints, has no limit.
    let limit = "[ ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} = 0 ] || ulimit -f 60000; exec \"$@\""
    let result = try succeeding(
      runUnderMPI(
        ranks: 2, "/bin/sh",
        [
          "-c", limit, "sh", try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data,
          "--output", workshop.path("limited"), "--steps", "2",
        ] + configuration))
    let note = result.standardOutput + result.standardError
    #expect(note.contains("each of the 2 ranks has parameters and optimizer state of its own"), "\(note)")
    #expect(note.contains("File too large") && note.contains("ulimit -f") && note.contains("--shared-memory off"))
    #expect(try workshop.weights(of: "limited") == alone)
  }
}
