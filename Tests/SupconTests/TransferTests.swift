import Foundation
import ImageCodecs
import TestSupport
import Testing

/// `supcon evaluate --transfer-dataset`: the encoder of a run on another dataset.
struct TransferTests {
  @Test func `on the run's own data it has the figures of linear and evaluate, and leaves theirs alone`() throws {
    let workshop = try Workshop()
    let run = workshop.path("run")
    try succeeding(workshop.pretrain("run", ["--steps", "2", "--image-size", "16", "--model", "resnet8"]))
    try succeeding(workshop.run(["linear", run]))
    try succeeding(workshop.run(["evaluate", run]))
    let (linear, own) = (
      try workshop.summary("run", stage: "linear"), try workshop.summary("run", stage: "evaluation")
    )
    let summary = try workshop.text("run/summary.json")
    var texts: Set<String> = []
    for ranks in 1...4 {
      try succeeding(
        workshop.run(
          ranks: ranks, ["evaluate", run, "--transfer-dataset", "cifar10", "--transfer-data", workshop.data]))
      texts.insert(try workshop.timelessText("run/transfer-cifar10/summary.json"))
    }
    #expect(texts.count == 1)
    let transfer = try workshop.summary("run", stage: "transfer-cifar10")
    for field in ["linear_top1", "linear_top5"] {
      #expect(transfer.values[field] == linear.values[field], "\(field)")
    }
    for field in ["knn_top1", "knn20_weighted_top1", "class_means_top1", "few_shot5_top1", "retrieval_map_at_r"] {
      #expect(transfer.values[field] != nil && transfer.values[field] == own.values[field], "\(field)")
    }
    #expect(transfer.values["top1"] == nil, "the run's classifier knows its own classes only")
    #expect(try transfer.text("transfer_dataset") == "cifar10")
    #expect(try workshop.text("run/summary.json") == summary)
  }

  @Test func `a folder without test images is divided, in the size and normalization of the run`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--image-size", "16"]))
    let options = ["evaluate", workshop.path("run"), "--transfer-dataset", "folder", "--transfer-data"]
    try succeeding(workshop.run(options + [workshop.path("mixed")]))
    let whole = try workshop.summary("run", stage: "transfer-mixed")
    #expect(try whole.number("test_samples") == Double(MixedFolder.validationCount))
    #expect(try whole.text("split") == "validation")
    #expect(try whole.number("train_samples") == Double(MixedFolder.trainingCount))
    #expect(whole.values["linear_top1"] != nil && whole.values["linear_top5"] == nil, "four classes")
    let result = try succeeding(workshop.run(options + [workshop.path("mixed/train")]))
    #expect(result.standardOutput.contains("has no test images: tested on 12 of its 61 images"))
    #expect(try workshop.summary("run", stage: "transfer-train").number("train_samples") == 49)
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run/evaluation")))
  }

  @Test(arguments: [1, 2])
  func `classes that are too small to be divided are refused with the number of images that suffices`(
    count: Int
  ) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0", "--image-size", "16", "--model", "resnet8"]))
    for name in ["cat", "dog"] {
      for number in 0..<3 {
        let folder = workshop.path("\(number < count ? "small" : "more")/\(name)")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let samples = (0..<768).map { sample in UInt8(sample * (number + (name == "cat" ? 3 : 7)) % 256) }
        let image = try RGBImage(width: 16, height: 16, samples: samples).pngBytes()
        try Data(image).write(to: URL(fileURLWithPath: "\(folder)/\(number).png"))
      }
    }
    let small = workshop.path("small")
    let command = ["evaluate", workshop.path("run"), "--transfer-dataset", "folder", "--transfer-data", small]
    for ranks in [1, 2] {
      expectRefusal(
        try workshop.run(ranks: ranks, command), 66,
        naming: [
          "\(small): has no test images", "its \(2 * count) training images",
          "give --transfer-data a dataset with test images, or with at least 3 images of a class",
        ])
    }
    for name in ["cat", "dog"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: workshop.path("more/\(name)")) {
        try FileManager.default.copyItem(
          atPath: workshop.path("more/\(name)/\(file)"), toPath: "\(small)/\(name)/\(file)")
      }
    }
    let result = try succeeding(workshop.run(command))
    #expect(result.standardOutput.contains("has no test images: tested on 2 of its 6 images"))
  }

  @Test func `options that measure on the run's own data are refused beside it`() throws {
    let workshop = try Workshop()
    let command = ["evaluate", "run", "--transfer-dataset", "cifar10", "--transfer-data", workshop.data]
    for (options, name) in [
      (["--data", "x"], "--data"), (["--split", "validation"], "--split validation"),
      (["--corruptions", "made-here"], "--corruptions"), (["--tta", "mirror"], "--tta mirror"),
      (["--features", "pixels"], "--transfer-dataset"),
    ] {
      expectRefusal(try workshop.run(command + options), 64, naming: [name])
    }
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--image-size", "16"]))
    try workshop.expectRefusal(
      ["evaluate", workshop.path("run"), "--transfer-dataset", "cifar100", "--transfer-data", workshop.path("none")],
      66,
      naming: ["none: there is no such file or folder", "give --transfer-data"])
    expectRefusal(
      try workshop.run(["evaluate", "run", "--transfer-data", "x"]), 64, naming: ["--transfer-data", "give both"])
    expectRefusal(
      try workshop.run(["evaluate", "run", "--transfer-dataset", "folder"]), 64, naming: ["needs --transfer-data"])
  }
}
