import Foundation
import TestSupport
import Testing

/// The folders of results in a run directory, of other data and of earlier checkpoints, and where commands find them.
struct ResultFolderTests {
  /// A workshop with three folders of drawn images, two of them named `photos`, and a run on the first.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    for (name, count) in [("base", 40), ("a/photos", 30), ("b/photos", 50)] {
      try succeeding(
        workshop.run([
          "dataset", "synthesize", "--train", "\(count)", "--test", "20", "--output", workshop.path(name),
        ]))
    }
    let options = ["--batch-size", "16", "--shard-size", "8", "--model", "resnet8", "--checkpoint-steps", "1"]
    try succeeding(
      workshop.run(
        [
          "pretrain", "--dataset", "folder", "--data", workshop.path("base"), "--output", workshop.path("run"),
          "--steps", "2",
        ] + options))
    return workshop
  }

  private func image(_ workshop: Workshop, in folder: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path(folder)).sorted()
    return workshop.path("\(folder)/\(try #require(names.first { name in name.hasSuffix(".png") }))")
  }

  @Test func `the classifier of an earlier checkpoint is found where linear put it`() throws {
    let workshop = try workshop()
    let (run, image) = (workshop.path("run"), try image(workshop, in: "base/test"))
    let missing = try workshop.run(["predict", run, image, "--checkpoint", "1"])
    expectRefusal(missing, 66, naming: ["has no classifier of step 1", "supcon linear \(run) --checkpoint 1"])
    expectRefusal(
      try workshop.run([
        "export", run, "--checkpoint", "1", "--classifier", "--output", workshop.path("none.safetensors"),
      ]), 66, naming: ["--classifier", "has no classifier of this encoder", "--checkpoint 1"])
    #expect(!FileManager.default.fileExists(atPath: workshop.path("none.safetensors")))
    try succeeding(workshop.run(["linear", run, "--checkpoint", "1"]))
    #expect(FileManager.default.fileExists(atPath: "\(run)/linear-step-1/classifier.safetensors"))
    try succeeding(workshop.run(["predict", run, image, "--checkpoint", "1"]))
    try succeeding(workshop.run(["evaluate", run, "--checkpoint", "1"]))
    #expect(try workshop.summary("run", stage: "evaluation-step-1").values["top1"] != nil)
    let output = workshop.path("c.onnx")
    let export = ["export", run, "--checkpoint", "1", "--classifier", "--output"]
    try succeeding(workshop.run(export + [output, "--format", "onnx"]))
    expectRefusal(
      try workshop.run(export + [workshop.path("c.safetensors")]), 64,
      naming: ["--classifier", "--layout ge scale representations"])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: output))
    #expect(bytes.range(of: Data("logits".utf8)) != nil)
    // The newest checkpoint still has none.
    expectRefusal(
      try workshop.run(["predict", run, image]), 66, naming: ["has no classifier", "supcon linear \(run)"])
  }

  @Test func `results on two datasets of one name stand apart, and each has its own classifier`() throws {
    let workshop = try workshop()
    let run = workshop.path("run")
    let (a, b) = (workshop.path("a/photos"), workshop.path("b/photos"))
    try succeeding(workshop.run(["linear", run, "--data", a]))
    let first = try workshop.timelessText("run/linear-photos/summary.json")
    let second = try succeeding(workshop.run(["linear", run, "--data", b]))
    #expect(second.standardOutput.contains("run/linear-photos-2, as linear-photos has those of other data"))
    #expect(try workshop.timelessText("run/linear-photos/summary.json") == first)
    #expect(try workshop.summary("run", stage: "linear-photos-2").number("train_samples") == 50)
    // Again, and from a copy under another path: the same place.
    try succeeding(workshop.run(["linear", run, "--data", b]))
    try FileManager.default.createDirectory(atPath: workshop.path("c"), withIntermediateDirectories: false)
    try workshop.copy("b/photos", to: "c/photos")
    try succeeding(workshop.run(["linear", run, "--data", workshop.path("c/photos")]))
    #expect(!FileManager.default.fileExists(atPath: "\(run)/linear-photos-3"))

    let evaluated = try succeeding(workshop.run(["evaluate", run, "--data", b]))
    #expect(evaluated.standardOutput.contains("classifier: \(run)/linear-photos-2/classifier.safetensors"))
    #expect(try workshop.summary("run", stage: "evaluation-photos").values["top1"] != nil)
    try succeeding(workshop.run(["evaluate", run, "--data", a]))
    #expect(try workshop.summary("run", stage: "evaluation-photos").number("train_samples") == 50)
    #expect(try workshop.summary("run", stage: "evaluation-photos-2").number("train_samples") == 30)
  }

  @Test(arguments: ["labels", "bytes", "names"], [false, true])
  func `other test images have results of their own`(change: String, comeFirst: Bool) throws {
    let workshop = try workshop()
    let run = workshop.path("run")
    let stages = [("linear", "linear"), ("evaluate", "evaluation")]
    var own: [String] = []
    func measureOwn() throws {
      for (command, _) in stages { try succeeding(workshop.run([command, run])) }
      own = try stages.map { _, stage in try workshop.timelessText("run/\(stage)/summary.json") }
    }
    if !comeFirst { try measureOwn() }
    try workshop.copy("base", to: "other")
    let test = workshop.path("other/test")
    let names = try FileManager.default.subpathsOfDirectory(atPath: test).filter { name in name.hasSuffix(".png") }
    let classes = Set(names.map { name in name.split(separator: "/")[0] }).sorted()
    switch change {
    case "labels":
      for (from, to) in [(classes[0], "x"), (classes[1], classes[0]), ("x", classes[1])] {
        try FileManager.default.moveItem(atPath: "\(test)/\(from)", toPath: "\(test)/\(to)")
      }
    case "bytes":
      try FileManager.default.removeItem(atPath: "\(test)/\(names[0])")
      try FileManager.default.copyItem(atPath: "\(test)/\(names[1])", toPath: "\(test)/\(names[0])")
    default:
      try FileManager.default.moveItem(atPath: "\(test)/\(names[0])", toPath: "\(test)/\(classes[0])/new.png")
    }
    for (command, stage) in stages {
      let output = try succeeding(workshop.run([command, run, "--data", workshop.path("other")])).standardOutput
      #expect(
        output.contains("other are not those of the run: results go to \(run)/\(stage)-other; those in"), "\(output)")
      #expect(try workshop.summary("run", stage: "\(stage)-other").number("test_samples") == 20)
    }
    if comeFirst { try measureOwn() }
    #expect(try stages.map { _, stage in try workshop.timelessText("run/\(stage)/summary.json") } == own)
    // The run's classifier is that of its training images, which these data have too.
    #expect(try workshop.summary("run", stage: "evaluation-other").values["top1"] != nil)
    // The run's own images, from a copy too, go where they went.
    try workshop.copy("base", to: "copy")
    try succeeding(workshop.run(["evaluate", run, "--data", workshop.path("copy")]))
    #expect(!FileManager.default.fileExists(atPath: "\(run)/evaluation-copy"))
  }

  @Test func `test images of the run that have changed are measured again in their place`() throws {
    let workshop = try workshop()
    let run = workshop.path("run")
    try succeeding(workshop.run(["evaluate", run]))
    let removed = try image(workshop, in: "base/test")
    try FileManager.default.removeItem(atPath: removed)
    let output = try succeeding(workshop.run(["evaluate", run])).standardOutput
    #expect(output.contains("\(run)/evaluation: was measured on images that have changed since, and is replaced"))
    #expect(try workshop.summary("run", stage: "evaluation").number("test_samples") == 19)
  }

  /// The fields of a result whose names begin with `prefix`.
  private func fields(_ workshop: Workshop, _ prefix: String, stage: String = "evaluation") throws -> [String] {
    try workshop.text("run/\(stage)/summary.json").split(separator: "\n").map(String.init).filter { line in
      line.hasPrefix("  \"\(prefix)")
    }
  }

  @Test func `the control with pixels stands beside the encoder's evaluation`() throws {
    let workshop = try workshop()
    let run = workshop.path("run")
    try succeeding(workshop.run(["linear", run]))
    try succeeding(workshop.run(["evaluate", run]))
    let names = ["summary.json", "confusion.csv"].map { name in "run/evaluation/\(name)" }
    let before = try names.map { name in try workshop.text(name) }
    try succeeding(workshop.run(["evaluate", run, "--features", "pixels"]))
    #expect(try names.map { name in try workshop.text(name) } == before)
    let pixels = try workshop.summary("run", stage: "evaluation-pixels")
    #expect(pixels.values["pixel_knn_top1"] != nil && pixels.values["knn_top1"] == nil)
    #expect(!FileManager.default.fileExists(atPath: "\(run)/evaluation-pixels/confusion.csv"))
    let summary = try workshop.summary("run")
    #expect(summary.values["pixel_knn_top1"] == pixels.values["pixel_knn_top1"])
    #expect(try summary.number("knn_top1") == workshop.summary("run", stage: "evaluation").number("knn_top1"))
    // On other data it has a folder of its own, as the encoder's has.
    try succeeding(workshop.run(["evaluate", run, "--features", "pixels", "--data", workshop.path("a/photos")]))
    #expect(try workshop.summary("run", stage: "evaluation-pixels-photos").number("train_samples") == 30)
    #expect(!FileManager.default.fileExists(atPath: "\(run)/evaluation-photos"))
    let page = workshop.path("page.html")
    try succeeding(workshop.run(["report", run, "--no-images", "--output", page]))
    #expect(try workshop.text("page.html").contains("on pixels"))
  }

  @Test func `what options measured is kept as long as weights, classifier and images are the same`() throws {
    let workshop = try workshop()
    let run = workshop.path("run")
    try succeeding(workshop.run(["linear", run]))
    try succeeding(
      workshop.run([
        "evaluate", run, "--ood-dataset", "shapes", "--tta", "mirror", "--corruptions", "made-here",
      ]))
    let prefixes = ["ood_", "mirror_", "corruption_"]
    let before = try prefixes.map { prefix in try fields(workshop, prefix) }
    #expect(before.allSatisfy { fields in !fields.isEmpty })
    let all = "--ood-dataset, --tta mirror, --corruptions made-here"
    for options in [[], ["--neighbors", "5"], ["--tta", "mirror"]] {
      let output = try succeeding(workshop.run(["evaluate", run] + options)).standardOutput
      #expect(try prefixes.map { prefix in try fields(workshop, prefix) } == before, "\(options)")
      let kept = options.contains("--tta") ? all.replacing("--tta mirror, ", with: "") : all
      #expect(output.contains("the earlier results of \(kept) are of the same weights and images, and are kept"))
    }
    // Another classifier of the same encoder.
    try succeeding(workshop.run(["linear", run, "--epochs", "1"]))
    let other = try succeeding(workshop.run(["evaluate", run])).standardOutput
    #expect(other.contains("the earlier results of --tta mirror, --corruptions made-here are of other weights"))
    #expect(try fields(workshop, "ood_") == before[0])
    #expect(try fields(workshop, "mirror_").isEmpty && fields(workshop, "corruption_").isEmpty)
    // Other weights.
    try succeeding(workshop.resume("run", ["--steps", "4"]))
    let lost = "the earlier results of --ood-dataset are of other weights, another classifier or other images"
    #expect(try succeeding(workshop.run(["evaluate", run])).standardOutput.contains(lost))
    #expect(try fields(workshop, "ood_").isEmpty)
    // Other test images.
    try succeeding(workshop.run(["evaluate", run, "--ood-dataset", "shapes"]))
    try FileManager.default.removeItem(atPath: image(workshop, in: "base/test"))
    #expect(try succeeding(workshop.run(["evaluate", run])).standardOutput.contains(lost))
    #expect(try fields(workshop, "ood_").isEmpty)
  }

  @Test func `results of older weights are neither reported nor compared`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--model", "resnet8", "--steps", "2"]))
    let (run, page) = (workshop.path("run"), workshop.path("page.html"))
    try succeeding(workshop.run(["evaluate", run]))
    try succeeding(workshop.run(["linear", run]))
    let report = ["report", run, "--output", page]
    try succeeding(workshop.run(report))
    let before = try workshop.text("page.html")
    try succeeding(workshop.resume("run", ["--steps", "4"]))
    let output = try succeeding(workshop.run(report)).standardOutput
    for (stage, command) in [("linear", "supcon linear"), ("evaluation", "supcon evaluate")] {
      #expect(
        output.contains("\(run)/\(stage): is of step 2, and the run was trained on: left out; \(command) \(run)"))
    }
    let title = "weighted k-NN"
    #expect(try before.contains(title) && !workshop.text("page.html").contains(title))
  }

  @Test func `transfers to two datasets of one name stand apart`() throws {
    let workshop = try workshop()
    let options = ["evaluate", workshop.path("run"), "--transfer-dataset", "folder", "--transfer-data"]
    try succeeding(workshop.run(options + [workshop.path("a/photos")]))
    let other = try succeeding(workshop.run(options + [workshop.path("b/photos")]))
    #expect(other.standardOutput.contains("run/transfer-photos-2, as transfer-photos has those of other data"))
    #expect(try workshop.summary("run", stage: "transfer-photos").number("train_samples") == 30)
    #expect(try workshop.summary("run", stage: "transfer-photos-2").number("train_samples") == 50)
  }

  @Test func `the classifier of data that were changed is found`() throws {
    let workshop = try workshop()
    let (run, image) = (workshop.path("run"), try image(workshop, in: "base/test"))
    let added = try self.image(workshop, in: "base/train")
    try FileManager.default.copyItem(atPath: added, toPath: "\(added.dropLast(4))-new.png")
    // That of another dataset lies beside it.
    try succeeding(workshop.run(["linear", run, "--data", workshop.path("a/photos")]))
    try succeeding(workshop.run(["linear", run]))
    #expect(FileManager.default.fileExists(atPath: "\(run)/linear-base/classifier.safetensors"))
    let predicted = try succeeding(workshop.run(["predict", run, image]))
    #expect(predicted.standardError.contains("classifier: \(run)/linear-base/classifier.safetensors"))
    try succeeding(workshop.run(["evaluate", run]))
    #expect(try workshop.summary("run", stage: "evaluation-base").values["top1"] != nil)
    // Changed again, and given by a relative path: the last classifier, where times have whole seconds.
    try FileManager.default.removeItem(atPath: added)
    Thread.sleep(forTimeInterval: 1.1)
    try succeeding(workshop.runInside(["linear", "run", "--data", "base"]))
    let again = try succeeding(workshop.run(["predict", run, image]))
    #expect(again.standardError.contains("classifier: \(run)/linear-base-2/classifier.safetensors"))
  }

  @Test func `fine-tuning on fewer images than a default batch takes smaller ones`() throws {
    let workshop = try workshop()
    let (run, tuned) = (workshop.path("run"), ["--finetune", "--epochs", "1", "--output"])
    let result = try succeeding(workshop.run(["linear", run] + tuned + [workshop.path("tuned")]))
    #expect(result.standardOutput.contains("batch size: 32 in shards of 32, as the training set has 40 samples"))
    let other = ["--dataset", "folder", "--data", workshop.path("a/photos")]
    try succeeding(workshop.run(["linear", run] + other + tuned + [workshop.path("other")]))
    // What is given stays.
    try succeeding(
      workshop.run(
        ["linear", run, "--batch-size", "8", "--shard-size", "4"] + tuned + [workshop.path("given")]))
    #expect(try workshop.text("given/config.yaml").contains("batch-size: 8"))
    expectRefusal(
      try workshop.run(["linear", run, "--batch-size", "64"] + tuned + [workshop.path("none")]), 64,
      naming: ["64", "40"])
  }
}
