import Foundation
import TestSupport
import Testing

/// The first training on a folder of a few images: messages, defaults, and the commands of the README.
struct FirstUseTests {
  /// A folder `photos` of three classes with 20 images each, and one of a single image.
  private static func photos(_ workshop: Workshop) throws {
    try MixedFolder.write(to: workshop.path("mixed"))
    try FileManager.default.moveItem(atPath: workshop.path("mixed/train"), toPath: workshop.path("photos"))
  }

  private static func pretrain(_ workshop: Workshop, _ run: String, _ options: [String]) -> [String] {
    [
      "pretrain", "--dataset", "folder", "--data", workshop.path("photos"), "--image-size", "16", "--model", "resnet8",
      "--batch-size", "46", "--shard-size", "23", "--epochs", "2", "--evaluate-epochs", "0", "--output",
      workshop.path(run),
    ] + options
  }

  @Test func `a fraction that holds out no image ends before a run is made`() throws {
    let workshop = try Workshop()
    try Self.photos(workshop)
    let result = try workshop.run(Self.pretrain(workshop, "run", ["--validation-fraction", "0.01"]))
    expectRefusal(result, 64, naming: ["0.01: holds out none of 1 to 20 images a class; give at least 0.05"])
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
    let shapes = try workshop.run([
      "pretrain", "--shapes-train", "64", "--validation-fraction", "0.001", "--output", workshop.path("run"),
    ])
    expectRefusal(shapes, 64, naming: ["--validation-fraction 0.001: holds out none of"])
  }

  // Whether a default start is advised depends on the machine, and on the quota of its container.
  @Test func `nobody who was told threads or ranks is advised to use more threads`() throws {
    let workshop = try Workshop()
    try Self.photos(workshop)
    for (ranks, options) in [(1, ["--threads", "1"]), (1, ["--threads", "2"]), (2, [])] {
      let run = Self.pretrain(workshop, "run\(ranks)\(options)", options + ["--steps", "1"])
      #expect(!(try succeeding(workshop.run(ranks: ranks, run)).standardOutput.contains("computes on")))
    }
  }

  @Test func `held-out images are called so, results replace no image, and lost images are found before the batch`()
    throws
  {
    let workshop = try Workshop()
    try Self.photos(workshop)
    let fraction = ["--validation-fraction", "0.25"]
    try succeeding(workshop.run(Self.pretrain(workshop, "run", fraction + ["--steps", "1"])))
    #expect(try workshop.summary("run").number("train_samples") == 46)
    let linear = try succeeding(workshop.run(["linear", workshop.path("run")]))
    #expect(linear.standardOutput.contains("46 training and 15 validation samples"))
    #expect(linear.standardOutput.contains("note: batches of 32 in place of 256, as the training set has 46 samples"))
    #expect(linear.standardOutput.contains(" on 15 validation samples"))
    let seen = "--validation-fraction 0.25: the images held out are not those of \(workshop.path("run"))"
    #expect(!linear.standardOutput.contains(seen))

    let image = [UInt8]([0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3])
    try Data(image).write(to: URL(fileURLWithPath: workshop.path("keep.jpg")))
    for (command, format) in [("export", "a safetensors file"), ("report", "an HTML page"), ("embed", "a NumPy array")]
    {
      let result = try workshop.run([command, workshop.path("run"), "--output", workshop.path("keep.jpg")])
      expectRefusal(result, 73, naming: ["keep.jpg: exists and is not \(format); choose another --output"])
    }
    #expect(Array(try Data(contentsOf: URL(fileURLWithPath: workshop.path("keep.jpg")))) == image)
    let export = ["export", workshop.path("run"), "--output", workshop.path("e.safetensors")]
    #expect(!(try succeeding(workshop.run(export)).standardError.contains("will be replaced")))
    #expect(try succeeding(workshop.run(export)).standardError.contains("e.safetensors: will be replaced"))

    let lost = try #require(try FileManager.default.contentsOfDirectory(atPath: workshop.path("photos/apple")).first)
    try FileManager.default.removeItem(atPath: workshop.path("photos/apple/\(lost)"))
    let resumed = try workshop.resume("run", ["--extend-epochs", "9"])
    expectRefusal(resumed, 78, naming: ["photos: its images are not those", "when the run began; put the files back"])
    #expect(!resumed.standardOutput.contains("extended from"))
    let other = try workshop.run(["evaluate", workshop.path("run")])
    #expect(other.standardOutput.contains("is not the data of the run: results go to"))
    #expect(other.standardOutput.contains("/run/evaluation-photos; those in"))
    // The images held out now are others, also for a report and for a run that goes on with the encoder.
    #expect(other.standardOutput.contains("warning: \(seen)"), "\(other.standardOutput)")
    let report = try succeeding(workshop.run(["report", workshop.path("run")]))
    #expect(report.standardOutput.contains("note: \(seen)"), "\(report.standardOutput)")
    let again = [
      "pretrain", "--init", workshop.path("run"), "--batch-size", "32", "--shard-size", "16", "--steps", "1",
      "--evaluate-epochs", "0", "--output", workshop.path("again"),
    ]
    let begun = try succeeding(workshop.run(again))
    #expect(begun.standardOutput.contains("warning: \(seen)"), "\(begun.standardOutput)")
  }

  @Test func `a run on built-in shapes takes no folder, and one that is not finished says so`() throws {
    let workshop = try Workshop()
    let small = ["--shapes-train", "64", "--shapes-test", "16", "--image-size", "16", "--model", "resnet8"]
    let run = ["pretrain", "--output", workshop.path("run"), "--batch-size", "32", "--shard-size", "16"]
    try succeeding(workshop.run(run + small + ["--epochs", "2", "--evaluate-epochs", "0", "--steps", "1"]))
    expectRefusal(
      try workshop.run(["evaluate", workshop.path("run"), "--data", workshop.path("photos")]), 64,
      naming: [
        "was trained on the built-in shapes", "leave --data out", "--transfer-dataset cifar10 --transfer-data DIR",
      ])
    try workshop.change("run/summary.json") { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      bytes = Data(text.replacing(#""target_steps" : 1"#, with: #""target_steps" : 4"#).utf8)
    }
    let linear = try succeeding(workshop.run(["linear", workshop.path("run")]))
    #expect(linear.standardOutput.contains("(resnet8 after step 1 of 4: the run is not finished)"))
    let many = try workshop.run(ranks: 4, ["pretrain", "--resume", "--output", workshop.path("run")])
    expectRefusal(
      many, 64,
      naming: ["4 ranks for the 2 shards of this run, which a resumed run cannot change; start at most 2 ranks"])
  }
}
