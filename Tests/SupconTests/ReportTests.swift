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
    let html = try report(workshop)
    #expect(html.contains("Predictions of the run&#39;s classifier"))
    // The counts of right predictions in the confusion matrix stand out.
    #expect(html.contains("<td class=\"own\""))
  }

  /// Writes drawn images in folders of their classes, without test images.
  private func drawImages(_ workshop: Workshop, count: Int = 40) throws {
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--train", "\(count)", "--test", "20", "--output", workshop.path("drawn"),
      ]))
    try FileManager.default.moveItem(atPath: workshop.path("drawn/train"), toPath: workshop.path("photos"))
  }

  @Test(arguments: [(count: 40, voters: 20), (count: 18, voters: 17)])
  func `an image is not its own neighbor where training images stand for test images`(
    count: Int, voters: Int
  ) throws {
    let workshop = try Workshop()
    try drawImages(workshop, count: count)
    try train(workshop, ["pretrain"], data: "photos")
    let html = try report(workshop)
    #expect(
      html.contains(
        "Predictions of the \(voters) nearest other training images (weighted vote) for \(count) training images"))
    #expect(html.contains("\(voters) nearest images, measured here"))
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

  /// The drawing of the map of principal components at a moment of the training.
  private func map(_ html: String, _ moment: String) throws -> String {
    let start = "aria-label=\"Principal components, \(moment):"
    let rest = try #require(html.components(separatedBy: start).dropFirst().first, "no map \(moment)")
    return rest.components(separatedBy: "</svg>")[0]
  }

  @Test func `of averaged weights both maps are, the one of the first checkpoint too`() throws {
    let workshop = try Workshop()
    let options = ["--model", "resnet8", "--image-size", "16"]
    try succeeding(workshop.pretrain("base", options + ["--steps", "0"]))
    try succeeding(
      workshop.pretrain(
        "run",
        options + [
          "--init", workshop.path("base"), "--steps", "2", "--checkpoint-steps", "1", "--weight-average", "0.9",
          "--learning-rate", "1",
        ]))
    let average = ["--weights-of", "average"]
    var pages: [String] = []
    for options in [average, average + ["--checkpoint", "1"], ["--checkpoint", "1"], []] {
      pages.append(try report(workshop, options))
    }
    let first = try map(pages[0], "after 1 step, the first kept checkpoint, averaged weights")
    #expect(try first == map(pages[1], "after 1 step, averaged weights"))
    #expect(try first != map(pages[2], "after 1 step"))
    // Titles and the measured accuracy say which weights they are of, where they are not the run's last.
    let texts = [" (averaged weights)", " (step 1, averaged weights)", " (step 1)", ""]
    for (page, weights) in zip(pages, texts) {
      for title in ["Map of the embeddings", "Nearest neighbors", "Classes and confusions"] {
        #expect(page.contains("-title\">\(title)\(weights)</h2>"), "\(title)\(weights)")
      }
      #expect(page.contains("nearest images, measured here\(weights)</dt>"), "\(weights)")
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
