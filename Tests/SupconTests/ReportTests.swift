import Foundation
import TestSupport
import Testing

/// `supcon report` and `supcon evaluate` on data of other classes, and on folders without test images or labels.
struct ReportTests {
  private static let small = [
    "--model", "resnet8", "--batch-size", "16", "--shard-size", "8", "--steps", "1", "--evaluate-epochs", "0",
  ]

  private func train(_ workshop: Workshop, _ command: [String], data: String) throws {
    try succeeding(
      workshop.run(
        command + ["--dataset", "folder", "--data", workshop.path(data), "--output", workshop.path("run")]
          + Self.small))
  }

  /// The page of the run.
  private func report(_ workshop: Workshop, _ options: [String] = [], ranks: Int = 1) throws -> String {
    try succeeding(workshop.run(ranks: ranks, ["report", workshop.path("run")] + options))
    return try workshop.text("run/report.html")
  }

  @Test func `the run's classifier is not used for other classes, the first of which is named`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try workshop.copy("mixed", to: "other")
    for split in ["train", "val"] {
      try FileManager.default.moveItem(
        atPath: workshop.path("other/\(split)/été"), toPath: workshop.path("other/\(split)/zebra"))
    }
    try train(workshop, ["supervised", "--image-size", "16"], data: "mixed")
    let run = workshop.path("run")
    let difference = "its class 2 is été, that of the dataset is zebra"
    for ranks in [1, 2] {
      let result = try succeeding(workshop.run(ranks: ranks, ["evaluate", run, "--data", workshop.path("other")]))
      #expect(result.standardOutput.contains("has no classifier of these classes (\(difference))"))
      #expect(!result.standardOutput.contains("classifier, top-1"))
      #expect(try workshop.summary("run", stage: "evaluation-other").values["top1"] == nil)
    }
    try workshop.expectRefusal(
      ["evaluate", run, "--data", workshop.path("other"), "--tta", "mirror"], 66, naming: ["--tta mirror", difference])
    for ranks in [1, 2] {
      let html = try report(workshop, ["--data", workshop.path("other")], ranks: ranks)
      #expect(html.contains("which is one of other classes: \(difference)."))
      #expect(html.contains("nearest training images (weighted vote)"))
    }
    try succeeding(workshop.run(["evaluate", run]))
    #expect(try workshop.summary("run", stage: "evaluation").values["top1"] != nil)
    #expect(try report(workshop).contains("Predictions of the run&#39;s classifier"))
  }

  /// Writes 40 drawn images in folders of their classes, without test images.
  private func drawImages(_ workshop: Workshop) throws {
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--train", "40", "--test", "20", "--output", workshop.path("drawn"),
      ]))
    try FileManager.default.moveItem(atPath: workshop.path("drawn/train"), toPath: workshop.path("photos"))
  }

  @Test func `an image is not its own neighbor where training images stand for test images`() throws {
    let workshop = try Workshop()
    try drawImages(workshop)
    try train(workshop, ["pretrain"], data: "photos")
    let html = try report(workshop)
    #expect(html.contains("Predictions of the 20 nearest other training images (weighted vote) for 40 training images"))
    #expect(html.contains("Training images, and the other training images of largest cosine similarity."))
    let section = try #require(html.components(separatedBy: "<section id=\"neighbors\"").last)
    let rows = section.components(separatedBy: "<ul class=\"strip\">").dropFirst()
    #expect(rows.count == 6)
    for row in rows {
      let items = row.components(separatedBy: "</ul>")[0]
      let images = items.matches(of: #/base64,([^"]+)"/#).map { image in String(image.output.1) }
      #expect(images.count == 7 && !images.dropFirst().contains(images[0]))
    }
  }

  @Test func `of images without labels the page says so, and not that test images are missing`() throws {
    let workshop = try Workshop()
    try drawImages(workshop)
    try FileManager.default.createDirectory(atPath: workshop.path("flat"), withIntermediateDirectories: false)
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path("photos")).sorted()
    for (number, name) in names.filter({ name in name.hasSuffix(".png") }).enumerated() {
      try FileManager.default.copyItem(
        atPath: workshop.path("photos/\(name)"), toPath: workshop.path("flat/\(number).png"))
    }
    try train(workshop, ["pretrain", "--loss", "simclr"], data: "flat")
    let html = try report(workshop)
    #expect(html.contains("The images have no labels"))
    #expect(!html.contains("val/CLASS"))
  }
}
