import Foundation
import TestSupport
import Testing

/// Run directories that cannot be used.
struct OutputErrorTests {
  @Test func aRunIsNeverOverwritten() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    let again = ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
    let parts = [workshop.path("run"), "holds a finished run (0 of 0 steps)", "--resume", "choose another --output"]
    try workshop.expectRefusal(again + Workshop.configuration, 73, naming: parts)
    // Nor where only its checkpoints are left.
    try FileManager.default.removeItem(atPath: workshop.path("run/config.yaml"))
    try workshop.expectRefusal(again + Workshop.configuration, 73, naming: parts)
    try workshop.expectRefusal(again + ["--resume"], 66, naming: ["run/config.yaml"])
  }

  @Test func `an output that is the data's folder, in it, around it or full of other files is refused`() throws {
    let workshop = try Workshop()
    let command = ["pretrain", "--dataset", "cifar10", "--data", workshop.data] + Workshop.configuration
    for output in [workshop.data, "\(workshop.data)/run", "\(workshop.data)/a/b", workshop.path(".")] {
      try workshop.expectRefusal(command + ["--output", output], 73, naming: ["--output", "--data", "choose another"])
    }
    try FileManager.default.createDirectory(atPath: workshop.path("notes"), withIntermediateDirectories: false)
    try Data().write(to: URL(fileURLWithPath: workshop.path("notes/thesis.txt")))
    try workshop.expectRefusal(
      command + ["--output", workshop.path("notes")], 73, naming: ["holds other files", "thesis.txt"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.path("notes")) == ["thesis.txt"])
  }

  @Test func `an output over an input, another output or a file of a run is refused`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1"]))
    let (run, array) = (workshop.path("run"), workshop.path("a.npy"))
    try succeeding(workshop.run(["embed", "--run", run, "--output", array, "--labels", workshop.path("l.npy")]))
    let before = try FolderSnapshot(workshop.path("."))
    for (command, code) in [
      (["loss", "--embeddings", array, "--labels", workshop.path("l.npy"), "--gradient=\(array)"], Int32(64)),
      (["loss", "--embeddings", array, "--labels", workshop.path("l.npy"), "--gradient", "\(run)/../a.npy"], 64),
      (["embed", "--run", run, "--output", workshop.path("e.npy"), "--labels", workshop.path("e.npy")], 64),
      (["export", "--run", run, "--output", "\(run)/encoder.safetensors"], 73),
      (["export", "--run", run, "--output", "\(run)/checkpoints/latest"], 73),
      (["bench", "--steps", "1", "--json", "\(run)/summary.json"], 73),
      (["report", "--run", run, "--output", "\(run)/config.yaml"], 73),
    ] {
      try workshop.expectRefusal(command, code, naming: [code == 64 ? "is named twice" : "is a file of the run"])
    }
    #expect(try FolderSnapshot(workshop.path(".")) == before)
    try succeeding(workshop.run(["report", "--run", run, "--output", "\(run)/report.html"]))
    try succeeding(workshop.run(["report", "--run", run, "--output", "\(run)/report.html"]))
  }

  @Test func `images are not written into a dataset, whose part they would become`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let (data, run) = (workshop.path("mixed"), workshop.path("run"))
    let folder = ["--dataset", "folder", "--data", data]
    let training = ["pretrain", "--batch-size", "16", "--shard-size", "4", "--image-size", "16", "--output", run]
    try succeeding(workshop.run(training + folder + ["--steps", "0"]))
    let before = try FolderSnapshot(data)
    for command in [
      ["pretrain", "--output", workshop.path("other"), "--dump-step", "1", "\(data)/dump"] + folder,
      ["dataset", "preview", "--data=\(data)", "--output", "\(data)/train/apple/new.png"],
      ["embed", run, "--output", workshop.path("e.npy"), "--projector", "\(data)/train/apple"],
      ["neighbors", run, "\(data)/val/apple/0.png", "--sheet", "\(data)/val/apple/sheet.png"],
    ] {
      try workshop.expectRefusal(command, 73, naming: ["lies in the dataset's folder", "choose a path elsewhere"])
    }
    try workshop.expectRefusal(
      ["neighbors", run, "\(data)/val/apple/0.png", "--sheet", "\(data)/val/apple/0.png"], 64, naming: ["named twice"])
    #expect(try FolderSnapshot(data) == before)
  }

  @Test func `runs, exports, reports and tables are not written into a dataset either`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let (data, run) = (workshop.path("mixed"), workshop.path("run"))
    let training = ["pretrain", "--batch-size", "16", "--shard-size", "4", "--image-size", "16", "--output", run]
    try succeeding(workshop.run(training + ["--dataset", "folder", "--data", data, "--steps", "0"]))
    try succeeding(
      workshop.run(["export", run, "--output", workshop.path("weights.safetensors")]))
    let text = "options: {dataset: folder, data: mixed}\ngrid: {temperature: [0.1, 0.5]}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    let weights = ["--weights", workshop.path("weights.safetensors"), "--layout", "ge", "--model", "resnet20"]
    for command in [
      ["import", "--dataset", "folder", "--data", data, "--output", "\(data)/train/run"] + weights,
      ["sweep", workshop.path("sweep.yaml"), "--output", "\(data)/sweep"],
      ["sweep", workshop.path("sweep.yaml"), "--output", data],
      ["dataset", "synthesize", "--train", "1", "--test", "1", "--output", "\(data)/train/shapes"],
      ["export", run, "--output", "\(data)/encoder.safetensors"],
      ["report", run, "--output", "\(data)/train/report.html"],
    ] {
      try workshop.expectRefusal(command, 73, naming: ["mixed", "choose "])
    }
  }

  @Test(arguments: ["linear", "linear-photos", "evaluation", "transfer-x", "checkpoints"])
  func `a run is not begun in a folder for results of another`(name: String) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    try workshop.expectRefusal(
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run/\(name)")]
        + Workshop.configuration, 73, naming: ["results of the run in", "choose another --output"])
  }

  @Test func `a killed run whose folder of checkpoints was removed makes it again`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--image-size", "16"]))
    let expected = try workshop.weights(of: "run")
    try workshop.change("run/summary.json") { bytes in
      bytes = Data(String(decoding: bytes, as: UTF8.self).replacing("\"finished\"", with: "\"running\"").utf8)
    }
    try FileManager.default.removeItem(atPath: workshop.path("run/checkpoints"))
    #expect(try workshop.resumedWeights("run", []) == expected)
    #expect(try workshop.checkpoints("run") == ["step-00000001.safetensors"])
  }

  @Test func `a run that cannot be looked at is not taken for none`() throws {
    let workshop = try Workshop()
    try FileManager.default.createSymbolicLink(
      atPath: workshop.path("loop"), withDestinationPath: workshop.path("loop"))
    for (command, code) in [
      (["linear", workshop.path("loop")], Int32(74)), (["predict", workshop.path("loop"), "x.png"], 74),
      (["pretrain", "--resume", "--output", workshop.path("loop")], 74),
      (["pretrain", "--init", workshop.path("loop"), "--output", workshop.path("run")], 74),
    ] {
      try workshop.expectRefusal(command, code, naming: ["loop: cannot be read: Too many levels of symbolic links"])
    }
  }

  @Test func `a working directory that was removed is told with the system's words`() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("gone"), withIntermediateDirectories: false)
    for command in ["pretrain --steps 0 --output run", "loss --embeddings a.npy --labels b.npy", "doctor"] {
      let script = "cd \"$0\" && rmdir ../gone && mkdir ../gone && exec \"$1\" \(command)"
      let result = try runProcess(
        "/bin/sh", ["-c", script, workshop.path("gone"), try builtExecutable("supcon")])
      expectRefusal(result, 73, naming: ["the working directory: No such file or directory"])
    }
  }

  @Test(arguments: [
    "pretrain --steps 0 --output $'out\\xff/r'", "linear $'r\\xe9n'", "report run --output=$'\\xfc.html'",
  ])
  func `an argument that is not UTF-8 is refused, as its text would name another file`(command: String) throws {
    let workshop = try Workshop()
    let result = try runProcess(
      "/bin/bash",
      ["-c", "cd \"$0\" && \"$1\" \(command)", workshop.path("."), try builtExecutable("supcon")])
    expectRefusal(result, 64, naming: ["is not UTF-8 text"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.path(".")) == ["data"])
  }

  @Test func `resuming where no run is wants a dataset`() throws {
    let workshop = try Workshop()
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("typo")], 66, naming: ["typo", "holds no run", "--dataset"])
    try succeeding(workshop.pretrain("runs/first", ["--steps", "0"]))
    for typo in ["run/first", "runs/frist"] {
      try workshop.expectRefusal(
        ["pretrain", "--resume", "--output", workshop.path(typo)], 66,
        naming: ["did you mean \(workshop.path("runs/first"))?"])
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("typo")))
  }

  @Test func `resuming without a folder takes the newest unfinished run and says which`() throws {
    let workshop = try Workshop()
    let none = try workshop.runInside(["pretrain", "--resume"])
    expectRefusal(none, 66, naming: ["no unfinished run of supcon pretrain under runs", "give --output"])
    let run = ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--steps", "1"] + Workshop.configuration
    try succeeding(workshop.runInside(run))
    expectRefusal(try workshop.runInside(["pretrain", "--resume"]), 66, naming: ["(1 finished)"])
    let more = try succeeding(workshop.runInside(["pretrain", "--resume", "--steps", "2"]))
    #expect(
      more.standardOutput.hasPrefix("--resume: continuing runs/pretrain-resnet20-cifar10-1, the only run under runs"))
    #expect(more.standardOutput.contains("continuing after step 1"))
  }

  /// The commands with outputs, which `OUT` stands for.
  ///
  /// The inputs are missing: outputs are checked first.
  private static let commandsWithFiles = [
    "export x --output OUT", "embed x --output OUT", "embed x --output a.npy --labels OUT",
    "embed x --output a.npy --table OUT", "neighbors x y.png --sheet OUT.html", "report x --output OUT",
    "loss --embeddings x --labels y --gradient OUT", "bench --json OUT",
    "dataset preview --dataset shapes --output OUT",
    "dataset pack --data x --output OUT",
  ]
  private static let commandsWithFolders = [
    "pretrain --output OUT", "supervised --output OUT", "dataset synthesize --train 1 --test 1 --output OUT",
    "sweep sweep.yaml --output OUT",
  ]

  @Test(
    arguments: commandsWithFiles.flatMap { command in [(command, "none/out"), (command, "file/out")] }
      + commandsWithFolders.map { command in (command, "file/out") })
  func `an output that cannot be created ends every command with 73`(command: String, output: String) throws {
    let workshop = try Workshop()
    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    try Data("options:\n  seed: 1\ngrid:\n  temperature: [0.1, 0.2]\n".utf8).write(
      to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    let arguments = command.split(separator: " ").map { word in String(word).replacing("OUT", with: output) }
    expectRefusal(try workshop.runInside(arguments), 73, naming: [output])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workshop.path(".")).sorted() == [
        "data", "file", "sweep.yaml",
      ])
  }

  @Test func `results of another checkpoint stand apart from the run's own`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "2", "--checkpoint-steps", "1"]))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run")]))
    let own = try workshop.text("run/summary.json")
    let result = try workshop.text("run/evaluation/summary.json")
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run"), "--checkpoint", "1"]))
    #expect(try workshop.text("run/summary.json") == own)
    #expect(try workshop.text("run/evaluation/summary.json") == result)
    #expect(FileManager.default.fileExists(atPath: workshop.path("run/evaluation-step-1/summary.json")))
  }

  @Test func aFolderThatCannotBeCreated() throws {
    let workshop = try Workshop()
    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    let below = workshop.path("file/run")
    try workshop.expectRefusal(
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", below] + Workshop.configuration, 73,
      naming: [below, "cannot be created", "Not a directory", "choose another --output"])
  }

  @Test func laterStagesSayBeforehandThatTheyCannotWrite() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    for (command, folder) in [(["linear", "--batch-size", "32"], "linear"), (["evaluate"], "evaluation")] {
      try Data().write(to: URL(fileURLWithPath: workshop.path("run/\(folder)")))
      try workshop.expectRefusal(
        command + ["--run", workshop.path("run")], 73,
        naming: [workshop.path("run/\(folder)"), "cannot be created", "move away what is there"])
    }
  }

  @Test(arguments: ["linear", "evaluate"])
  func laterStagesNeedARun(_ command: String) throws {
    let workshop = try Workshop()
    for folder in ["data", "nowhere"] {
      try workshop.expectRefusal(
        [command, "--run", workshop.path(folder)], 66,
        naming: [
          workshop.path(folder), folder == "data" ? "holds no run" : "does not exist",
          "give the --output of supcon pretrain",
        ])
    }
  }
}
