import Foundation
import ImageCodecs
import Imaging
import Testing

/// `supcon dataset`: info, verify, pack, preview, synthesize.
struct DatasetCommandTests {
  private func fields(_ json: String, _ part: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return try #require(object?[part] as? [String: Any])
  }

  private func info(_ workshop: Workshop, ranks: Int = 1, _ options: [String]) throws -> String {
    try succeeding(workshop.run(ranks: ranks, ["dataset", "info", "--json"] + options)).lastLine
  }

  @Test func infoCountsAndMeasures() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    for ranks in [1, 3] {
      try? FileManager.default.removeItem(atPath: workshop.path("mixed/supcon-dataset.json"))
      let result = try info(workshop, ranks: ranks, ["--data", workshop.path("mixed")])
      let training = try fields(result, "train")
      #expect(training["images"] as? Int == MixedFolder.trainingCount)
      let classes = try #require(training["classes"] as? [[String: Any]])
      #expect(classes.compactMap { entry in entry["name"] as? String } == ["apple", "single", "été", "日本"])
      #expect(classes.compactMap { entry in entry["images"] as? Int } == [20, 1, 20, 20])
      #expect((training["mean"] as? [Double])?.count == 3)
      #expect(try fields(result, "validation")["images"] as? Int == MixedFolder.validationCount)
    }
    let text = try succeeding(workshop.run(["dataset", "info", "--data", workshop.path("mixed")])).standardOutput
    for part in ["61 images in 4 classes, 1 to 20 in each", "sizes from", "--mean 0.", "apple 20, single 1"] {
      #expect(text.contains(part))
    }
  }

  @Test func `a list of labels is named by its own path, not by the folder of its images`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let names = (0..<6).map { number in number % 7 == 3 ? "more/\(number)" : "\(number)" }
    let rows = ["apple", "日本"].flatMap { name in
      names.map { number in (path: "mixed/train/\(name)/\(number)", label: name) }
    }.compactMap { path, label -> String? in
      let file = ["png", "jpg"].map { ending in "\(path).\(ending)" }.first { file in
        FileManager.default.fileExists(atPath: workshop.path(file))
      }
      return file.map { file in "\(file),\(label)" }
    }
    try #require(rows.count == 12)
    try Data((rows + [""]).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: workshop.path("list.csv")))
    // Relative to the working directory, the folder of the images has no name but a dot.
    for path in ["list.csv", workshop.path("list.csv")] {
      let text = try succeeding(workshop.runInside(["dataset", "info", "--data", path])).standardOutput
      #expect(text.contains("\(path), training: 12 images in 2 classes"), "\(text)")
    }
    try workshop.change("mixed/train/apple/0.png") { bytes in bytes = bytes.prefix(60) }
    let options = [
      "--batch-size", "4", "--shard-size", "4", "--image-size", "16", "--model", "resnet8", "--steps", "1",
    ]
    let run = try succeeding(
      workshop.runInside(
        ["pretrain", "--dataset", "folder", "--data", "list.csv", "--output", "run", "--bad-images", "skip"] + options))
    #expect(run.standardOutput.contains("list.csv: left out 1 bad file of 12"), "\(run.standardOutput)")
  }

  @Test func verifyListsBadFiles() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let verify = ["dataset", "verify", "--data", workshop.path("mixed")]
    for ranks in [1, 2] {
      #expect(try succeeding(workshop.run(ranks: ranks, verify)).standardOutput.contains("all 76 images can be read"))
    }
    // Damaged without a trace in length or time.
    let path = workshop.path("mixed/val/été/0.png")
    let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    try workshop.change("mixed/val/été/0.png") { bytes in bytes[50] ^= 1 }
    try FileManager.default.setAttributes([.modificationDate: try #require(time)], ofItemAtPath: path)
    try workshop.change("mixed/train/apple/1.jpg") { bytes in bytes.removeLast(40) }
    try FileManager.default.createSymbolicLink(
      atPath: workshop.path("mixed/train/apple/loop"), withDestinationPath: workshop.path("mixed/train"))
    for ranks in [1, 2] {
      let result = try workshop.run(ranks: ranks, verify)
      expectRefusal(result, 65, naming: ["3 of 76 images cannot be used"])
      for part in [
        "val/été/0.png: is damaged", "train/apple/1.jpg: is damaged: Corrupt JPEG data: premature end",
        "train/apple/loop: is a link",
      ] {
        #expect(result.standardOutput.contains(part))
      }
    }
  }

  @Test func `a pack is counted at the start, and known by its bytes`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let (pack, other) = (workshop.path("pack.safetensors"), workshop.path("other.safetensors"))
    try succeeding(
      workshop.run(["dataset", "pack", "--data", workshop.path("mixed"), "--size", "32", "--output", pack]))
    let options = [
      "--batch-size", "16", "--shard-size", "4", "--image-size", "16", "--model", "resnet8", "--steps", "1",
    ]
    let training = ["pretrain", "--dataset", "folder", "--data"]
    let begun = try succeeding(workshop.run(training + [pack, "--output", workshop.path("run")] + options))
    #expect(begun.standardOutput.contains("training: 61 images in 4 classes: apple 20"))
    #expect(begun.standardOutput.contains("validation: 15 images in 3 classes"))
    try succeeding(
      workshop.run([
        "dataset", "pack", "--data", workshop.path("mixed/train"), "--size", "32", "--output", other,
      ]))
    let alone = try succeeding(workshop.run(training + [other, "--output", workshop.path("alone")] + options))
    #expect((alone.standardOutput + alone.standardError).contains("has no validation or test images"))

    // Another pack of the same files.
    try succeeding(
      workshop.run([
        "dataset", "pack", "--data", workshop.path("mixed"), "--size", "24", "--output", workshop.path("p"),
      ]))
    let resume = ["pretrain", "--resume", "--steps", "2", "--output", workshop.path("run")]
    let repacked = try workshop.run(resume + ["--data", workshop.path("p")])
    expectRefusal(repacked, 78, naming: ["another pack, 61 images in 4 classes"])
    #expect(!repacked.standardError.contains("other names"))
    // The same file, with other pixels.
    try workshop.change("pack.safetensors") { bytes in bytes[bytes.count / 2] ^= 1 }
    for command in [resume, ["linear", workshop.path("run")]] {
      expectRefusal(try workshop.run(command), 65, naming: [pack, "checksum"])
    }
  }

  @Test(arguments: [
    ("x.zip", [0x50, 0x4B, 3, 4] as [UInt8], "unpack it"), ("x.png", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], "PNG"),
    ("x.txt", Array("a b c".utf8), "a text file"), ("x.npy", [0x93] + Array("NUMPY".utf8) + [1, 0], "NumPy"),
    ("x.gz", [0x1F, 0x8B, 8, 0], "unpack it"),
  ])
  func `a file that is no pack is told as what it is, also with a validation fraction`(
    name: String, start: [UInt8], part: String
  ) throws {
    let workshop = try Workshop()
    try Data(start + [UInt8](repeating: 32, count: 100)).write(to: URL(fileURLWithPath: workshop.path(name)))
    let result = try workshop.run([
      "pretrain", "--dataset", "folder", "--data", workshop.path(name), "--validation-fraction", "0.2", "--output",
      workshop.path("run"),
    ])
    expectRefusal(result, 65, naming: [name, part])
    #expect(!result.standardError.contains("is a pack"))
  }

  @Test func packTrainsLikeItsFolder() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let pack = workshop.path("pack.safetensors")
    try succeeding(
      workshop.run(
        ranks: 2, ["dataset", "pack", "--data", workshop.path("mixed"), "--size", "64", "--output", pack]))
    let again = try workshop.run(["dataset", "pack", "--data", workshop.path("mixed"), "--output", pack])
    expectRefusal(again, 73, naming: [pack, "is there already"])
    let options = ["--batch-size", "16", "--shard-size", "4", "--image-size", "16", "--steps", "3"]
    for (run, data, ranks) in [("packed", pack, 2), ("loose", workshop.path("mixed"), 1)] {
      try succeeding(
        workshop.run(
          ranks: ranks, ["pretrain", "--dataset", "folder", "--data", data, "--output", workshop.path(run)] + options))
    }
    // No image is larger than 64 pixels: the same images, to the last bit of their mean.
    #expect(try workshop.weights(of: "packed") == workshop.weights(of: "loose"))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("packed")]))
    try succeeding(workshop.run(["dataset", "verify", "--data", pack]))
    let training = try fields(info(workshop, ["--data", pack]), "train")
    #expect(training["images"] as? Int == MixedFolder.trainingCount)

    try workshop.change("pack.safetensors") { bytes in bytes[bytes.count / 2] ^= 1 }
    expectRefusal(try workshop.run(["dataset", "verify", "--data", pack]), 65, naming: [pack, "checksum"])
  }

  @Test func synthesizedFilesAreTheBuiltInImages() throws {
    let workshop = try Workshop()
    let folder = workshop.path("shapes")
    let arguments = ["dataset", "synthesize", "--output", folder, "--train", "200", "--test", "30"]
    try succeeding(workshop.run(ranks: 2, arguments))
    expectRefusal(try workshop.run(arguments), 73, naming: [folder, "is not empty"])
    let mean = try fields(info(workshop, ["--data", folder]), "train")["mean"] as? [Double]
    let builtIn = try fields(info(workshop, ["--dataset", "shapes"]), "train")["mean"] as? [Double]
    for (one, other) in zip(try #require(mean), try #require(builtIn)) {
      #expect(abs(one - other) < 0.02)
    }
    // Small images of one size are seen as they are.
    #expect(try fields(info(workshop, ["--data", folder]), "train")["image_size"] as? Int == 32)
  }

  @Test func previewShowsSamplesAndViews() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let output = workshop.path("views.png")
    for (options, columns, rows, side) in [
      (["--dataset", "shapes", "--samples", "3", "--views", "2"], 3, 3, 96),
      (
        ["--data", workshop.path("mixed"), "--image-size", "100", "--samples", "2", "--augmentation", "none"], 7, 2, 100
      ),
    ] {
      try succeeding(workshop.run(["dataset", "preview", "--output", output] + options))
      let image = try RGBImage(decoding: Array(Data(contentsOf: URL(fileURLWithPath: output))))
      #expect(image.width == columns * (side + 4) + 8)
      #expect(image.height == rows * (side + 4) + 4)
    }
    expectRefusal(
      try workshop.run(["dataset", "preview", "--dataset", "shapes", "--augmentation", "rotat"]), 64,
      naming: ["--augmentation rotat"])
    expectRefusal(try workshop.run(["dataset", "preview"]), 64, naming: ["--dataset folder", "--data"])
    let large = workshop.path("large.png")
    expectRefusal(
      try workshop.run([
        "dataset", "preview", "--dataset", "shapes", "--samples", "1000", "--views", "1000", "--output", large,
      ]), 64, naming: ["--samples 1000, --views 1000: too many", "give fewer"])
    #expect(!FileManager.default.fileExists(atPath: large))
  }

  @Test func `notes of the launch do not stand in the JSON of a dataset`() throws {
    // More threads than any machine has cores.
    let result = try succeeding(
      Workshop().run(["dataset", "info", "--dataset", "shapes", "--json", "--threads", "1024"]))
    #expect(result.standardError.contains("note: ") && result.standardError.contains("1024 threads"))
    #expect(try fields(result.standardOutput, "train")["images"] as? Int == 6000)
  }
}
