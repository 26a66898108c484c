import Foundation
import ImageCodecs
import TestSupport
import Testing

/// `supcon evaluate --corruptions`: published files, and corruptions made here.
struct CorruptionTests {
  /// AlexNet's errors in google-research/augmix, `imagenet.py`, in the order of the paper.
  private static let alexNet: KeyValuePairs = [
    "gaussian_noise": 0.886428, "shot_noise": 0.894468, "impulse_noise": 0.922640, "defocus_blur": 0.819880,
    "glass_blur": 0.826268, "motion_blur": 0.785948, "zoom_blur": 0.798360, "snow": 0.866816, "frost": 0.826572,
    "fog": 0.819324, "brightness": 0.564592, "contrast": 0.853204, "elastic_transform": 0.646056,
    "pixelate": 0.717840, "jpeg_compression": 0.606500,
  ]
  private static let classes = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// A run with a classifier.
  private static func workshop() throws -> Workshop {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "2", "--image-size", "16", "--model", "resnet8"]))
    try succeeding(workshop.run(["linear", workshop.path("run"), "--epochs", "3", "--batch-size", "32"]))
    return workshop
  }

  /// The test images, `[label, pixels]`.
  private static func testImages(_ workshop: Workshop) throws -> [(label: Int, image: RGBImage)] {
    let bytes = try readBytes(workshop.path("data/test_batch.bin"))
    return stride(from: 0, to: bytes.count, by: SyntheticCIFAR.recordByteCount).map { start in
      let samples = (0..<3072).map { index in bytes[start + 1 + index % 3 * 1024 + index / 3] }
      return (Int(bytes[start]), RGBImage(width: 32, height: 32, samples: samples))
    }
  }

  /// Writes a tree in which every corruption and severity is a link to the clean images.
  private static func writeTree(_ workshop: Workshop, grouped: Bool) throws {
    let manager = FileManager.default
    for (number, (label, image)) in try testImages(workshop).enumerated() {
      let folder = workshop.path("clean/\(classes[label])")
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(image.pngBytes()).write(to: URL(fileURLWithPath: "\(folder)/\(number).png"))
    }
    for (name, _) in alexNet {
      let group = !grouped ? "" : name.hasSuffix("noise") ? "noise/" : name.hasSuffix("blur") ? "blur/" : "weather/"
      try manager.createDirectory(atPath: workshop.path("tree/\(group)\(name)"), withIntermediateDirectories: true)
      for severity in 1...5 {
        try manager.createSymbolicLink(
          atPath: workshop.path("tree/\(group)\(name)/\(severity)"), withDestinationPath: workshop.path("clean"))
      }
    }
  }

  private func evaluate(_ workshop: Workshop, ranks: Int = 1, _ corruptions: String) throws -> (
    summary: JSONFields, text: String, output: String
  ) {
    let output = try succeeding(
      workshop.run(ranks: ranks, ["evaluate", workshop.path("run"), "--corruptions", corruptions]))
    let text = try workshop.timelessText("run/evaluation/summary.json")
    return (try JSONFields(text), text, output.standardOutput)
  }

  @Test func `a tree of clean images has their error, an mCE by AlexNet's errors, and a relative mCE of 0`() throws {
    let workshop = try Self.workshop()
    try Self.writeTree(workshop, grouped: true)
    let (summary, text, output) = try evaluate(workshop, workshop.path("tree"))
    let error = 1 - (try summary.number("top1"))
    #expect(error > 0.05 && error < 0.95)
    #expect(try abs(summary.number("corruption_error") - error) < 1e-12)
    let ratios = Self.alexNet.map { _, alexNet in error / alexNet }
    #expect(try abs(summary.number("corruption_mce") - 100 * ratios.reduce(0, +) / 15) < 1e-9)
    #expect(try abs(summary.number("corruption_relative_mce")) < 1e-9)
    #expect(try summary.text("corruption_source").hasSuffix("published files, \(workshop.path("tree"))"))
    #expect(output.contains("compares runs with each other only"), "10 classes are not ImageNet's")
    #expect(try evaluate(workshop, ranks: 3, workshop.path("tree")).text == text)
  }

  @Test func `arrays of clean images have their error and no mCE`() throws {
    let workshop = try Self.workshop()
    let images = try Self.testImages(workshop)
    try FileManager.default.createDirectory(atPath: workshop.path("arrays"), withIntermediateDirectories: true)
    let severities = Array(repeating: images.flatMap(\.image.samples), count: 5).flatMap { samples in samples }
    try PlainNumPy.write(
      severities, type: "|u1", shape: [5 * images.count, 32, 32, 3], to: workshop.path("arrays/fog.npy"))
    for (name, _) in Self.alexNet where name != "fog" {
      try FileManager.default.createSymbolicLink(
        atPath: workshop.path("arrays/\(name).npy"), withDestinationPath: "fog.npy")
    }
    let labels = Array(repeating: images.map { image in Int64(image.label) }, count: 5).flatMap { labels in labels }
    try PlainNumPy.write(labels, type: "<i8", shape: [labels.count], to: workshop.path("arrays/labels.npy"))
    let (summary, _, _) = try evaluate(workshop, workshop.path("arrays"))
    #expect(try abs(summary.number("corruption_error") - 1 + summary.number("top1")) < 1e-12)
    #expect(summary.values["corruption_mce"] == nil && summary.values["corruption_made_here_error"] == nil)
    let others = labels.map { label in label % 5 }
    try PlainNumPy.write(others, type: "<i8", shape: [others.count], to: workshop.path("arrays/labels.npy"))
    try workshop.expectRefusal(
      ["evaluate", workshop.path("run"), "--corruptions", workshop.path("arrays")], 65,
      naming: ["arrays/labels.npy: has 5 of the 10 classes", "belongs to the run's dataset"])
    try PlainNumPy.write(labels, type: "<i8", shape: [labels.count], to: workshop.path("arrays/labels.npy"))
    try FileManager.default.removeItem(atPath: workshop.path("arrays/snow.npy"))
    try workshop.expectRefusal(
      ["evaluate", workshop.path("run"), "--corruptions", workshop.path("arrays")], 66, naming: ["arrays/snow.npy"])
  }

  @Test func `corruptions made here are called that, and are the same on any ranks`() throws {
    let workshop = try Self.workshop()
    let (summary, text, output) = try evaluate(workshop, "made-here")
    let words =
      "made here, not the published files: 14 of the 15 corruptions, without frost, with the parameters of CIFAR-10-C"
    #expect(try summary.text("corruption_made_here_source") == words)
    #expect(output.contains("note: corruptions \(words)"))
    #expect(output.contains("mean error under 14 corruptions made here"))
    #expect(summary.values["corruption_error"] == nil && summary.values["corruption_mce"] == nil)
    // Colors tell the classes apart: whatever changes them costs.
    #expect(try summary.number("corruption_made_here_error") > 1 - summary.number("top1"))
    for (name, _) in Self.alexNet {
      #expect(text.contains("\"\(name)\" : [") == (name != "frost"), "\(name)")
    }
    #expect(try evaluate(workshop, ranks: 3, "made-here").text == text)
  }

  @Test func `trees that are not as published are refused by name before any work`() throws {
    let workshop = try Self.workshop()
    try Self.writeTree(workshop, grouped: false)
    let command = ["evaluate", workshop.path("run"), "--corruptions", workshop.path("tree")]
    let manager = FileManager.default
    func broken(_ path: String, _ code: Int32, naming parts: [String], _ change: () throws -> Void) throws {
      try manager.moveItem(atPath: workshop.path(path), toPath: workshop.path("aside"))
      try change()
      try workshop.expectRefusal(command, code, naming: parts)
      try? manager.removeItem(atPath: workshop.path(path))
      try manager.moveItem(atPath: workshop.path("aside"), toPath: workshop.path(path))
    }
    try broken("tree/frost", 66, naming: ["tree/frost: does not exist", "all 15 corruptions"]) {}
    try broken("tree/snow/4", 66, naming: ["tree/snow/4: is not a folder", "1 to 5"]) {}
    func removeCats(_ count: Int) throws {
      try manager.copyItem(atPath: workshop.path("clean"), toPath: workshop.path("tree/fog/2"))
      let cats = workshop.path("tree/fog/2/cat")
      for name in try manager.contentsOfDirectory(atPath: cats).prefix(count) {
        try manager.removeItem(atPath: "\(cats)/\(name)")
      }
    }
    try broken("tree/fog/2", 65, naming: ["tree/fog/2/cat: has ", "but", "everything unpacked"]) { try removeCats(1) }
    try broken("tree/fog/2", 66, naming: ["tree/fog/2/cat: a class of the run without images"]) { try removeCats(70) }
    try broken("tree/fog/5", 65, naming: ["tree/fog/5/sloth: is not one of the run's 10 classes"]) {
      try manager.copyItem(atPath: workshop.path("clean"), toPath: workshop.path("tree/fog/5"))
      try manager.moveItem(
        atPath: workshop.path("tree/fog/5/cat"), toPath: workshop.path("tree/fog/5/sloth"))
    }
  }

  @Test func `other folders, sizes without parameters, and runs without a classifier are refused`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(
      workshop.run(
        [
          "pretrain", "--dataset", "folder", "--data", workshop.path("mixed"), "--output", workshop.path("run"),
          "--image-size", "16", "--batch-size", "16", "--shard-size", "4", "--steps", "1",
        ]))
    let command = ["evaluate", workshop.path("run"), "--corruptions"]
    try workshop.expectRefusal(
      command + ["made-here"], 66, naming: ["--corruptions made-here", "no classifier", "supcon linear"])
    try succeeding(workshop.run(["linear", workshop.path("run"), "--epochs", "1"]))
    try workshop.expectRefusal(
      command + ["made-here"], 64, naming: ["the images are 16×16", "32×32 (CIFAR-10-C)", "224×224 (ImageNet-C)"])
    try workshop.expectRefusal(
      command + [workshop.path("nothing")], 66, naming: ["nothing: does not exist", "made-here"])
    try workshop.expectRefusal(
      command + [workshop.path("mixed")], 65, naming: ["neither files as gaussian_noise.npy", "gaussian_noise/1/CLASS"])
  }
}
