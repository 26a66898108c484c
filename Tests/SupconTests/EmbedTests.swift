import TestSupport
import Testing

/// `supcon embed` on a dataset.
struct EmbedTests {
  @Test func `the images that were read are named, also where validation images stand for test images`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let run = workshop.path("run")
    try succeeding(
      workshop.run([
        "pretrain", "--dataset", "folder", "--data", workshop.path("mixed"), "--output", run, "--image-size", "16",
        "--model", "resnet8", "--batch-size", "16", "--shard-size", "4", "--steps", "0",
      ]))
    let cases: [(options: [String], title: String, count: Int)] = [
      ([], "validation", MixedFolder.validationCount),
      (["--split", "test"], "validation", MixedFolder.validationCount),
      (["--split", "validation"], "validation", MixedFolder.validationCount),
      (["--split", "train"], "training", MixedFolder.trainingCount),
    ]
    for (options, title, count) in cases {
      let result = try succeeding(
        workshop.run(["embed", run, "--output", workshop.path("r.npy")] + options))
      #expect(
        result.standardOutput.contains("representations [\(count), 64] of the \(title) samples"),
        "\(options): \(result.standardOutput)")
    }
  }
}
