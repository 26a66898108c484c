import Foundation
import Testing

/// Training on a folder of images: the same bits on any number of ranks, and what is said of bad files.
struct FolderTrainingTests {
  private let configuration = ["--batch-size", "16", "--shard-size", "4", "--epochs", "2", "--image-size", "16"]

  private func pretrain(_ workshop: Workshop, _ run: String, _ options: [String] = [], data: String = "mixed")
    -> [String]
  {
    ["pretrain", "--dataset", "folder", "--data", workshop.path(data), "--output", workshop.path(run)] + configuration
      + options
  }

  @Test func weightsAreTheSameOnAnyNumberOfRanks() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    for ranks in 1...3 {
      try succeeding(workshop.run(ranks: ranks, pretrain(workshop, "run-\(ranks)")))
    }
    let expected = try workshop.weights(of: "run-1")
    #expect(try workshop.weights(of: "run-2") == expected)
    #expect(try workshop.weights(of: "run-3") == expected)
    #expect(try workshop.text("run-1/config.yaml").contains("dataset-fingerprint: "))

    for options in [["--decode", "scaled"], ["--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2"]] {
      let name = options[0].filter(\.isLetter)
      try succeeding(workshop.run(ranks: 2, pretrain(workshop, name, options)))
      // Images this small are never halved.
      #expect(try (workshop.weights(of: name) == expected) == (name == "decode"))
    }

    try succeeding(
      workshop.run(ranks: 2, ["linear", "--run", workshop.path("run-2"), "--batch-size", "16", "--shard-size", "8"]))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run-1")]))
    #expect(
      try workshop.text("run-1/evaluation/summary.json").contains("\"test_samples\" : \(MixedFolder.validationCount)"))
  }

  @Test func meanAndDeviationAreComputedOnce() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.run(ranks: 3, pretrain(workshop, "first", ["--steps", "0"])))
    let description = try workshop.text("mixed/supcon-dataset.json")
    try workshop.change("mixed/supcon-dataset.json") { bytes in
      // What stands there is believed: the mean of red becomes another.
      let text = String(decoding: bytes, as: UTF8.self)
      bytes = Data(text.replacing(/"mean" : \[\n\s*[0-9.]+/, with: "\"mean\" : [\n 0.125", maxReplacements: 1).utf8)
    }
    try succeeding(workshop.run(pretrain(workshop, "second", ["--steps", "0"])))
    #expect(try workshop.text("second/config.yaml").contains("mean: 0.125,"))
    // But not once a file has changed.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: workshop.path("mixed/train/apple/0.png"))
    try succeeding(workshop.run(pretrain(workshop, "third", ["--steps", "0"])))
    #expect(try workshop.text("third/config.yaml").contains("mean: 0.125,") == false)
    let stamp = /"stamp" : \[[^\]]*\]/
    #expect(
      try workshop.text("mixed/supcon-dataset.json").replacing(stamp, with: "")
        == description.replacing(stamp, with: ""))
  }

  @Test func badFilesEndTheRunUnlessTheyAreSkipped() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try workshop.change("mixed/train/apple/8.png") { bytes in bytes = bytes.prefix(60) }
    try workshop.change("mixed/train/été/more/3.png") { bytes in bytes = Data() }
    // Looked at before the folder is compared: what was found is kept in it.
    try #require(try workshop.run(pretrain(workshop, "before")).exitCode == 65)
    try workshop.expectRefusal(
      pretrain(workshop, "stop"), 65,
      naming: [workshop.path("mixed/train/apple/8.png"), "first of 2", "--bad-images skip", "supcon dataset verify"])
    try FileManager.default.createSymbolicLink(
      atPath: workshop.path("mixed/train/日本/gone.jpg"), withDestinationPath: "/nowhere")
    try workshop.expectRefusal(
      pretrain(workshop, "link"), 66, naming: [workshop.path("mixed/train/日本/gone.jpg"), "broken symbolic link"])

    for ranks in [1, 2] {
      let result = try succeeding(
        workshop.run(ranks: ranks, pretrain(workshop, "skip-\(ranks)", ["--bad-images", "skip"])))
      for part in [
        "left out 3 bad files of 62", "apple/8.png", "été/more/3.png", "日本/gone.jpg", "supcon dataset verify",
      ] {
        #expect(result.standardOutput.contains(part))
      }
    }
    #expect(try workshop.weights(of: "skip-1") == workshop.weights(of: "skip-2"))
    // A later stage leaves out the same.
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("skip-1")]))
  }

  @Test func `a class may lack usable images to validate with, but not to train on`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path("mixed/val/apple")).filter { name in
      name.contains(".")
    }
    try #require(names.count == 5)
    for name in names {
      try workshop.change("mixed/val/apple/\(name)") { bytes in bytes = bytes.prefix(20) }
    }
    let skip = ["--steps", "1", "--bad-images", "skip"]
    let begun = try succeeding(workshop.run(pretrain(workshop, "run", skip)))
    #expect(begun.standardOutput.contains("validation has no image of apple"), "\(begun.standardOutput)")
    try succeeding(workshop.run(["evaluate", workshop.path("run")]))
    let count = try workshop.summary("run", stage: "evaluation").number("test_samples")
    #expect(count == Double(MixedFolder.validationCount - 5))
    try workshop.change("mixed/train/single/only.png") { bytes in bytes = bytes.prefix(20) }
    // The description of the folder is written anew, as its images have changed.
    let refused = try workshop.run(pretrain(workshop, "none", skip))
    expectRefusal(refused, 65, naming: [workshop.path("mixed/train/single"), "none of its images can be used"])
    #expect(!FileManager.default.fileExists(atPath: workshop.path("none")))
  }

  @Test func `a run that held images out is tested on the validation images of other data`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try workshop.copy("mixed/train", to: "plain")
    try succeeding(
      workshop.run(pretrain(workshop, "run", ["--steps", "1", "--validation-fraction", "0.3"], data: "plain")))
    try succeeding(
      workshop.run([
        "linear", workshop.path("run"), "--data", workshop.path("mixed"), "--batch-size", "16", "--shard-size", "8",
      ]))
    let summary = try workshop.summary("run", stage: "linear-mixed")
    #expect(try summary.number("test_samples") == Double(MixedFolder.validationCount))
    #expect(try summary.text("data") == workshop.path("mixed"))
    try succeeding(workshop.run(["report", workshop.path("run"), "--data", workshop.path("mixed")]))
    let page = try workshop.text("run/report.html")
    #expect(page.contains("for \(MixedFolder.validationCount) validation images"))
    #expect(!page.contains("Without its images"))
  }

  @Test func `validation images that are copies of training images are told`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let heldOut = pretrain(
      workshop, "fine", ["--steps", "0", "--validation-fraction", "0.3"], data: "mixed/train")
    #expect(!(try succeeding(workshop.run(heldOut)).standardOutput.contains("copies of training images")))
    try FileManager.default.removeItem(atPath: workshop.path("mixed/val"))
    try workshop.copy("mixed/train", to: "mixed/val")
    let copied = try succeeding(workshop.run(pretrain(workshop, "copied", ["--steps", "0"])))
    let warning = "of 61 validation images looked at, 61 are copies of training images"
    #expect(copied.standardOutput.contains(warning), "\(copied.standardOutput)")
  }

  @Test func `an encoder of another run keeps its image size`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    let result = try succeeding(
      workshop.run([
        "linear", "--finetune", workshop.path("run"), "--dataset", "folder", "--data", workshop.path("mixed"),
        "--epochs", "1", "--batch-size", "16", "--shard-size", "8", "--output", workshop.path("tuned"),
      ]))
    #expect(result.standardOutput.contains("image size: 32, that of \(workshop.path("run"))"))
    #expect(try workshop.text("tuned/config.yaml").contains("image-size: 32\n"))
    // At most five classes: top-5 says nothing.
    #expect(try workshop.summary("tuned").values["test_top5"] == nil)
  }

  @Test func fileThatGoesBadDuringTheRun() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    // With these given, nothing is looked at before training.
    let given = ["--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2"]
    try workshop.change("mixed/train/apple/8.png") { bytes in bytes = bytes.prefix(60) }
    for ranks in [1, 2] {
      let result = try workshop.run(ranks: ranks, pretrain(workshop, "damaged-\(ranks)", given))
      #expect(result.exitCode == 65)
      #expect(result.standardError.contains("mixed/train/apple/8.png: is"))
    }
  }

  @Test func resumedRunWantsTheSameFiles() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.run(pretrain(workshop, "run", ["--steps", "3"])))
    try workshop.copy("mixed", to: "moved")
    try FileManager.default.removeItem(atPath: workshop.path("moved/train/apple/2.png"))
    let resume = ["pretrain", "--resume", "--output", workshop.path("run")]
    try workshop.expectRefusal(
      resume + ["--data", workshop.path("moved")], 78,
      naming: [workshop.path("moved"), "not those that the run", "\(MixedFolder.trainingCount - 1) in 4 classes"])
    // In another place they may be.
    try workshop.copy("mixed", to: "moved")
    try succeeding(workshop.run(ranks: 2, resume + ["--data", workshop.path("moved"), "--steps", "6"]))
    try succeeding(workshop.run(pretrain(workshop, "whole")))
    #expect(try workshop.weights(of: "run") == workshop.weights(of: "whole"))
  }

  @Test func `a run with the folder of a split as a class says how it is continued`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let (train, inside) = (workshop.path("mixed/train"), workshop.path("mixed/train/test"))
    try FileManager.default.moveItem(atPath: workshop.path("mixed/val"), toPath: inside)
    // As versions before took the folder.
    let asClass = ["--data", train, "--train-folder", "."]
    try succeeding(
      workshop.run(
        [
          "pretrain", "--dataset", "folder", "--model", "resnet8", "--image-size", "16", "--batch-size", "16",
          "--shard-size", "4", "--steps", "1", "--output", workshop.path("run"),
        ] + asClass))
    let resume = ["pretrain", "--resume", "--output", workshop.path("run"), "--steps", "2"]
    try workshop.expectRefusal(
      resume + ["--data", workshop.path("mixed"), "--train-folder", "train"], 78,
      naming: ["not those that the run", "took \(inside) for a class", "--data \(train) --train-folder ."])
    try succeeding(workshop.run(resume + asClass))
  }

  /// Exchanges two training images in place; their sizes and times may stay.
  private func exchangeImages(_ workshop: Workshop, keepsTimes: Bool) throws {
    let paths = ["mixed/train/apple/2.png", "mixed/train/日本/0.png"].map(workshop.path)
    let manager = FileManager.default
    let contents = try paths.map { path in try Data(contentsOf: URL(fileURLWithPath: path)) }
    let times = try paths.map { path in try manager.attributesOfItem(atPath: path)[.modificationDate] }
    for (path, bytes) in zip(paths, contents.reversed()) { try bytes.write(to: URL(fileURLWithPath: path)) }
    for (path, time) in zip(paths, times) where keepsTimes {
      try manager.setAttributes([.modificationDate: time as Any], ofItemAtPath: path)
    }
  }

  @Test(arguments: [true, false])
  func `images replaced under their names are noticed by every later stage`(keepsTimes: Bool) throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.run(pretrain(workshop, "run", ["--steps", "1"])))
    let resume = ["pretrain", "--resume", "--output", workshop.path("run")]
    try succeeding(workshop.run(resume + ["--steps", "2"]))
    try exchangeImages(workshop, keepsTimes: keepsTimes)
    let change = "files have other contents under the same names"
    let written = keepsTimes ? change : "2 of 61 files were written since, such as"
    try workshop.expectRefusal(
      resume + ["--steps", "3"], 78,
      naming: ["not those that the run", change, written, "put the files back", "--init"])
    let evaluated = try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
    #expect(evaluated.standardOutput.contains("is not the data of the run (\(change)"), "\(evaluated.standardOutput)")
    #expect(try workshop.summary("run", stage: "evaluation-mixed").number("test_samples") > 0)
    let trained = try succeeding(
      workshop.run(["linear", workshop.path("run"), "--batch-size", "16", "--shard-size", "8"]))
    #expect(trained.standardOutput.contains("results go to \(workshop.path("run"))/linear-mixed"))
    // The files as they were, at other times; twice, as the checkpoints are those of a run with the first times.
    try exchangeImages(workshop, keepsTimes: false)
    try succeeding(workshop.run(ranks: 2, resume + ["--steps", "3"]))
    try succeeding(workshop.run(resume + ["--steps", "4"]))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
    #expect(try workshop.summary("run", stage: "evaluation").number("test_samples") > 0)
  }

  @Test func `records of CIFAR replaced in place are noticed`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    try workshop.change("data/data_batch_3.bin") { bytes in bytes[5000] ^= 1 }
    let result = try workshop.resume("run", ["--steps", "2"])
    expectRefusal(result, 78, naming: ["1 of 5 files was written since, such as", "data_batch_3.bin"])
  }

  @Test func oneTreeIsDivided() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try FileManager.default.moveItem(atPath: workshop.path("mixed/train"), toPath: workshop.path("tree"))
    let options = ["--validation-fraction", "0.25"]
    try succeeding(workshop.run(ranks: 2, pretrain(workshop, "run", options + ["--steps", "0"], data: "tree")))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
    #expect(try workshop.text("run/evaluation/summary.json").contains("\"test_samples\" : 15"))
    #expect(try workshop.text("run/evaluation/summary.json").contains("\"train_samples\" : 46"))

    try succeeding(workshop.run(pretrain(workshop, "undivided", ["--steps", "0"], data: "tree")))
    expectRefusal(
      try workshop.run(["evaluate", "--run", workshop.path("undivided")]), 66,
      naming: [
        workshop.path("tree"), "no images are held out to test on. Add", "tree/val/CLASS/*",
        "--validation-fraction 0.2",
      ])
  }

  @Test func `a fraction and options of folders are refused where a list says the splits`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let lines = ["apple/0.png,apple,train", "apple/2.png,apple,val", "été/0.png,été,train", "été/2.png,été,dev"]
    let list = workshop.path("mixed/train/list.csv")
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
    let fraction = ["--validation-fraction", "0.2"]
    let parts = ["--validation-fraction: \(list) has the images to validate with", "leave the option out"]
    try workshop.expectRefusal(pretrain(workshop, "new", fraction, data: "mixed/train/list.csv"), 64, naming: parts)
    expectRefusal(try workshop.run(["dataset", "info", "--data", list] + fraction), 64, naming: parts)
    expectRefusal(
      try workshop.run(["dataset", "verify", "--data", list, "--train-folder", "apple"]), 64,
      naming: ["--train-folder apple: goes with a folder of images", list])
    let info = try succeeding(workshop.run(["dataset", "info", "--data", list])).standardOutput
    #expect(info.contains("validation: 2 images in 2 classes"), "\(info)")
    // Without lines for validation, the fraction holds some out.
    let training = lines.map { line in line.replacing(",dev", with: ",train").replacing(",val", with: ",train") }
    try Data(training.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
    let divided = try succeeding(workshop.run(["dataset", "info", "--data", list, "--validation-fraction", "0.5"]))
    #expect(divided.standardOutput.contains("validation: 2 images in 2 classes"), "\(divided.standardOutput)")
  }

  @Test func `a run with a fraction goes on although its list has images to validate with`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let training = ["apple", "été", "日本"].flatMap { name in
      [0, 2, 4, 5, 7, 8, 9, 12].map { number in "train/\(name)/\(number).png,\(name),train" }
    }
    let list = URL(fileURLWithPath: workshop.path("mixed/list.csv"))
    try Data(training.joined(separator: "\n").utf8).write(to: list)
    let fraction = ["--validation-fraction", "0.25"]
    try succeeding(workshop.run(pretrain(workshop, "run", fraction + ["--steps", "1"], data: "mixed/list.csv")))
    // Earlier versions began runs with both.
    let validation = ["apple", "été", "日本"].map { name in "val/\(name)/0.png,\(name),val" }
    try Data((training + validation).joined(separator: "\n").utf8).write(to: list)
    let resumed = try succeeding(workshop.resume("run", ["--steps", "2"]))
    #expect(resumed.standardOutput.contains("--validation-fraction 0.25 holds images out that are in no split"))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
    #expect(try workshop.text("run/evaluation/summary.json").contains("\"test_samples\" : 3"))
    #expect(try workshop.text("run/evaluation/summary.json").contains("\"train_samples\" : 18"))
  }

  @Test func foldersThatCannotBeTrainedOn() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try workshop.expectRefusal(
      pretrain(workshop, "new", data: "nowhere"), 66, naming: [workshop.path("nowhere"), "there is no such folder"])
    try workshop.expectRefusal(
      pretrain(workshop, "new", ["--validation-fraction", "0.1"]), 64, naming: ["mixed/val", "leave the option out"])
    let manager = FileManager.default
    try manager.createDirectory(atPath: workshop.path("mixed/train/void"), withIntermediateDirectories: false)
    try workshop.expectRefusal(
      pretrain(workshop, "new"), 65, naming: [workshop.path("mixed/train/void"), "without images"])
    try manager.removeItem(atPath: workshop.path("mixed/train/void"))
    try manager.createSymbolicLink(
      atPath: workshop.path("mixed/train/apple/loop"), withDestinationPath: workshop.path("mixed/train"))
    try workshop.expectRefusal(
      pretrain(workshop, "new"), 65, naming: [workshop.path("mixed/train/apple/loop"), "link"])
    for name in ["été", "日本", "single"] {
      try manager.removeItem(atPath: workshop.path("mixed/train/\(name)"))
    }
    try manager.removeItem(atPath: workshop.path("mixed/train/apple/loop"))
    let result = try workshop.run(ranks: 2, pretrain(workshop, "new"))
    expectRefusal(result, 65, naming: ["mixed: has one class, apple", "at least two"])
    #expect(!manager.fileExists(atPath: workshop.path("new")))
  }

  @Test func `an import whose file has no mean and deviation says which it takes, unless they are given`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    try succeeding(workshop.run(pretrain(workshop, "run", ["--steps", "0"])))
    let export = ["export", "--run", workshop.path("run"), "--layout", "ge", "--part", "encoder"]
    try succeeding(workshop.run(export + ["--output", workshop.path("own")]))
    // As other programs write it: without metadata.
    try rewrite(workshop, "own", to: "weights") { _ in }
    let command = [
      "import", "--weights", workshop.path("weights"), "--layout", "ge", "--model", "resnet20", "--dataset", "folder",
      "--data", workshop.path("mixed"), "--image-size", "16",
    ]
    let note = "weights: does not say with which mean and deviation"
    let computed = try succeeding(workshop.run(command + ["--output", workshop.path("computed")]))
    #expect(computed.standardOutput.contains(note), "\(computed)")
    let values = ["--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2"]
    let given = try succeeding(workshop.run(command + values + ["--output", workshop.path("given")]))
    #expect(!given.standardOutput.contains(note), "\(given)")
  }

  @Test(arguments: [
    (["--dataset", "folder"], ["--dataset folder", "--data"]),
    (["--bad-images", "skip"], ["--bad-images", "--dataset folder", "shapes"]),
    (["--dataset", "folder", "--data", "x", "--bad-images", "ignore"], ["--bad-images ignore", "stop, skip"]),
    (["--dataset", "folder", "--data", "x", "--decode", "fast"], ["--decode fast", "full, scaled"]),
    (["--dataset", "folder", "--data", "x", "--validation-fraction", "1"], ["--validation-fraction 1", "below 1"]),
    (["--dataset", "folder", "--data", "x", "--mean", "0,0,0"], ["--mean", "--std", "both"]),
    (["--dataset", "folder", "--data", "x", "--mean", "0,0", "--std", "1,1,1"], ["--mean 0,0", "three numbers"]),
    (["--dataset", "folder", "--data", "x", "--mean", "0,0,0", "--std", "1,0,1"], ["--std 1,0,1", "above 0"]),
  ])
  func optionsThatDoNotFit(_ options: [String], _ parts: [String]) throws {
    try Workshop().expectRefusal(["pretrain"] + options, 64, naming: parts)
  }
}
