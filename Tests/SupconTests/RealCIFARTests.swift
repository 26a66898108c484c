import Foundation
import Testing

/// CIFAR-10 itself, where it is at hand: beside the package in `shared/data`.
private let cifar10: String = {
  var folder = URL(fileURLWithPath: #filePath)
  for _ in 0..<3 {
    folder.deleteLastPathComponent()
  }
  return folder.deletingLastPathComponent().path + "/shared/data/cifar-10-batches-bin"
}()

/// The exactness of a run on real images.
struct RealCIFARTests {
  @Test(
    "12 steps on CIFAR-10 end in one hash on 1, 2, 3, 4 ranks, on 2 threads, and after an interruption",
    .enabled(
      if: FileManager.default.fileExists(atPath: cifar10),
      "SKIPPED: the test on real CIFAR-10 needs ../shared/data/cifar-10-batches-bin beside the package"))
  func twelveStepsEndInOneHash() throws {
    let workshop = try Workshop()
    func weights(_ run: String, ranks: Int, steps: Int = 12, _ options: [String] = []) throws -> String {
      try succeeding(
        workshop.run(
          ranks: ranks,
          [
            "pretrain", "--dataset", "cifar10", "--data", cifar10, "--batch-size", "32", "--shard-size", "4",
            "--epochs", "1", "--steps", "\(steps)", "--output", workshop.path(run),
          ] + options))
      return try workshop.weights(of: run)
    }
    let expected = try weights("1", ranks: 1)
    for ranks in 2...4 {
      let found = try weights("\(ranks)", ranks: ranks)
      #expect(found == expected, "\(ranks) ranks")
    }
    let threads = try weights("threads", ranks: 1, ["--threads", "2"])
    #expect(threads == expected, "2 threads")

    let interrupted = try weights("interrupted", ranks: 2, steps: 7)
    #expect(interrupted != expected)
    let resumed = try workshop.resumedWeights("interrupted", ranks: 3, ["--steps", "12"])
    #expect(resumed == expected, "interrupted at step 7 on 2 ranks, resumed on 3")
  }
}
