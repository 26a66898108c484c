import Configuration
import Formats
import Foundation
import Runs
import TestSupport
import Testing

/// Folders that a run may and may not be written to.
struct RunDirectoryTests {
  private func expectRefusal(
    naming parts: [String], sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    let error = #expect(throws: RunError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.exitCode == .output, sourceLocation: sourceLocation)
    for part in parts {
      #expect(error?.description.contains(part) == true, "\(part)", sourceLocation: sourceLocation)
    }
  }

  @Test func `a folder with a run is not free, also where only checkpoints are left`() throws {
    let run = try SmallRun(steps: [3])
    let path = run.directory.path
    expectRefusal(naming: [path, "holds a run", "--resume", "choose another --output"]) {
      try run.directory.checkIsFree()
    }
    let empty = try SmallRun(steps: [])
    try empty.directory.checkIsFree()
    try writeBytes([], to: empty.directory.configurationPath)
    #expect(empty.directory.holdsRun)
  }

  @Test(arguments: [
    (
      #"{"status": "finished", "steps": 16, "target_steps": 16}"#,
      "holds a finished run (16 of 16 steps); train on with"
    ),
    (#"{"status": "diverged", "diverged_step": 6}"#, "holds a run that stopped at step 6 with NaN; choose another"),
    (#"{"status": "stopped", "steps": 3, "target_steps": 9}"#, "holds a run (3 of 9 steps); continue it with --resume"),
    (#"{"status": "running"}"#, "holds a run; continue it with --resume"),
  ])
  func `a folder with a run says in which state it is`(summary: String, message: String) throws {
    let run = try SmallRun(steps: [3])
    try writeBytes(Array(summary.utf8), to: run.directory.summaryPath)
    expectRefusal(naming: ["\(run.directory.path): \(message)"]) { try run.directory.checkIsFree() }
  }

  @Test(arguments: [(9, 3.0, "--extend-epochs N (N epochs"), (4, 1.25, "--steps N (N steps")])
  func `a finished run is trained on by steps of its epochs if any are left, else by more epochs`(
    steps: Int, epochs: Double, advice: String
  ) throws {
    let run = try SmallRun(steps: [steps])
    try writeBytes(Array("epochs: 3\nsteps: \(steps)\n".utf8), to: run.directory.configurationPath)
    let summary = #"{"status": "finished", "steps": \#(steps), "epochs": \#(epochs), "target_epochs": 3}"#
    try writeBytes(Array(summary.utf8), to: run.directory.summaryPath)
    expectRefusal(naming: ["holds a finished run", "train on with --resume \(advice)"]) {
      try run.directory.checkIsFree()
    }
  }

  @Test(.enabled(if: geteuid() != 0, "no permission is denied to root"))
  func `a folder in which one must not write is named`() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.file("ro")
    try makeFolder(folder)
    unsafe chmod(folder, 0o555)
    defer { unsafe chmod(folder, 0o755) }
    expectRefusal(naming: [
      "\(folder)/x: cannot be created: no permission to write in \(folder); choose another --output"
    ]) {
      try RunDirectory(path: "\(folder)/x").checkCanBeCreated()
    }
  }

  @Test func `the data's folder, one in it and one around it are refused`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.file("data")
    try makeFolder(data)
    for output in [data, "\(data)/run", "\(data)/a/b", directory.path, "\(directory.path)/other/../data"] {
      expectRefusal(naming: ["--output", "--data", "choose another"]) {
        try RunDirectory(path: output).checkIsApart(from: data)
      }
    }
    let test = directory.file("test")
    try makeFolder(test)
    for output in [test, "\(test)/run"] {
      expectRefusal(naming: ["--output", "the images in \(test)", "choose another"]) {
        try RunDirectory(path: output).checkIsApart(from: data, [test])
      }
    }
    try RunDirectory(path: directory.file("data-run")).checkIsApart(from: data, [test])
    try RunDirectory(path: directory.file("run")).checkIsApart(from: nil)
  }

  @Test func `any output in the data's folder is refused, one around it is not`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.file("data")
    try makeFolder(data)
    for output in [data, "\(data)/sweep"] {
      expectRefusal(naming: ["--output \(output)", data, "or lies in it"]) {
        try OutputFolder.check(output, liesOutside: data)
      }
    }
    for output in [directory.path, "\(data)-sweep"] {
      try OutputFolder.check(output, liesOutside: data)
    }
  }

  @Test func `a finished run has files of weights by its options`() {
    let run = RunDirectory(path: "run")
    var configuration = TrainingCommand.pretrain.defaults
    #expect(run.weightFiles(configuration).map(\.path) == ["run/encoder.safetensors"])
    configuration.classifier.weight = 0.5
    configuration.optimizer.averageDecay = 0.9
    let files = run.weightFiles(configuration)
    #expect(
      files.map(\.path) == [
        "run/encoder.safetensors", "run/classifier.safetensors", "run/encoder-average.safetensors",
        "run/classifier-average.safetensors",
      ])
    #expect(files.map(\.prefix) == ["encoder.", "fc.", "encoder.", "fc."])
    #expect(files.map(\.weights) == [.raw, .raw, .average, .average])
  }

  @Test func `a folder with other files is refused, one with a run's is not`() throws {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: directory.path)
    for name in ["metrics.jsonl", "summary.json", ".lock", "config.yaml.temporary"] {
      try writeBytes([], to: directory.file(name))
    }
    try run.checkIsApart(from: nil)
    try writeBytes([], to: directory.file("thesis.txt"))
    expectRefusal(naming: ["holds other files", "thesis.txt"]) { try run.checkIsApart(from: nil) }
  }

  @Test func `a folder below a file cannot be created`() throws {
    let directory = try TemporaryDirectory()
    try writeBytes([], to: directory.file("file"))
    let below = directory.file("file/run")
    expectRefusal(naming: [below, "cannot be created", "Not a directory", "choose another --output"]) {
      try RunDirectory(path: below).create()
    }
    let run = RunDirectory(path: directory.file("a/deep/run"))
    try run.create()
    try writeBytes([], to: "\(run.path)/linear")
    expectRefusal(naming: ["\(run.path)/linear", "cannot be created", "move away what is there"]) {
      try run.createFolder("linear")
    }
  }

  @Test func `a broken link in the place of an output, or of its parent, is named`() throws {
    let directory = try TemporaryDirectory()
    let link = directory.file("scratch")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.file("unmounted/runs"))
    for path in [link, "\(link)/run"] {
      let parts = ["cannot be created", "(\(link) is a broken link)", "choose another --output"]
      expectRefusal(naming: ["\(path): "] + parts) { try RunDirectory(path: path).checkCanBeCreated() }
      expectRefusal(naming: parts) { try RunDirectory(path: path).create() }
    }
    try makeFolder(directory.file("unmounted"))
    try makeFolder(directory.file("unmounted/runs"))
    try RunDirectory(path: "\(link)/run").create()
    #expect(FileManager.default.fileExists(atPath: directory.file("unmounted/runs/run/checkpoints")))
  }

  @Test func `an output that cannot be created has one exit code, a full disk another`() throws {
    let directory = try TemporaryDirectory()
    try writeBytes([], to: directory.file("file"))
    for path in [directory.file("file"), directory.file("file/run")] {
      expectRefusal(naming: [path, "cannot be created", "choose another --output"]) {
        try RunDirectory(path: path).checkCanBeCreated()
      }
    }
    expectRefusal(naming: ["file is a file"]) { try RunDirectory(path: directory.file("file/a/b")).create() }
    try RunDirectory(path: directory.file("new/run")).checkCanBeCreated()
    #expect(RunError(FileError(creating: "a", code: EROFS)).exitCode == .output)
    #expect(RunError(FileError(creating: "a", code: ENOSPC)).exitCode == .inputOutput)
    #expect(RunError(FileError(path: "a", action: "open it", code: ENOENT)).exitCode == .missing)
  }

  @Test func `the newest unfinished run of a command is found`() throws {
    let directory = try TemporaryDirectory()
    func add(_ name: String, _ command: TrainingCommand, _ summary: String?) throws {
      let run = RunDirectory(path: directory.file(name))
      try run.create()
      try writeBytes(Array(command.defaults.yaml().utf8), to: run.configurationPath)
      try summary.map { summary in try writeBytes(Array(summary.utf8), to: run.summaryPath) }
    }
    func newest(_ command: TrainingCommand, includesFinished: Bool = false) throws -> [String] {
      let found = try RunDirectory.newest(of: command, includesFinished: includesFinished, in: directory.path)
      return [String(found.directory.path.dropFirst(directory.path.count + 1)), "\(found.others)"]
    }
    let none = #expect(throws: RunError.self) { try newest(.pretrain) }
    #expect(none?.exitCode == .missing)
    try add("a", .pretrain, "{\"status\": \"finished\"}")
    try makeFolder(directory.file("notes"))
    let finished = #expect(throws: RunError.self) { try newest(.pretrain) }
    #expect(finished?.description.contains("(1 finished)") == true)
    // Killed before its first checkpoint.
    try add("b", .pretrain, nil)
    #expect(try newest(.pretrain) == ["b", "0"])
    try add("c", .pretrain, "{\"status\": \"stopped\"}")
    try add("d", .supervised, "{\"status\": \"running\"}")
    try add("e", .pretrain, "{\"status\": \"finished\"}")
    // Imported weights are no training to continue.
    try add("f", .pretrain, "{\"command\": \"import\"}")
    #expect(try newest(.pretrain) == ["c", "1"])
    #expect(try newest(.supervised) == ["d", "0"])
    #expect(try newest(.pretrain, includesFinished: true) == ["e", "3"])
  }

  @Test(arguments: [("9.0.0", true), ("0.10.0", true), (supconVersion, false), ("0.1.0", false)])
  func `options that are not known name the version that made the run, if it is newer`(version: String, isNewer: Bool)
    throws
  {
    let directory = try TemporaryDirectory()
    try writeBytes(Array("model: vit-b\n".utf8), to: directory.file("config.yaml"))
    try writeBytes(Array("{\"version\": \"\(version)\"}".utf8), to: directory.file("summary.json"))
    let error = #expect(throws: RunError.self) { try RunDirectory(path: directory.path).configuration() }
    #expect(error?.description.contains("vit-b") == true && (!isNewer || error?.exitCode == .configuration))
    #expect(error?.description.contains("was made by supcon \(version), this is \(supconVersion)") == isNewer)
  }

  @Test func `a missing configuration is named with its remedy`() throws {
    let run = try SmallRun(steps: [1])
    let directory = run.directory
    let error = #expect(throws: (any Error).self) { _ = try directory.configuration() }
    #expect(error.map { error in RunError(error).exitCode } == .missing)
    #expect(error.map { error in "\(error)".contains("run/config.yaml") } == true)
  }

  @Test func `a file of a run, a folder in it and the folder around runs name the run`() throws {
    let run = try SmallRun(steps: [3])
    try writeBytes([], to: run.directory.configurationPath)
    let path = run.directory.path
    func refusal(_ path: String) -> RunError? {
      #expect(throws: RunError.self) { try RunDirectory(path: path).checkHoldsRun() }
    }
    let checkpoint = refusal("\(path)/checkpoints/step-00000003.safetensors")
    #expect(checkpoint?.exitCode == .missing && checkpoint?.problem.contains("is a file, not a run directory") == true)
    #expect(checkpoint?.remedy == "give \(path) with --checkpoint 3")
    #expect(refusal("\(path)/checkpoints")?.remedy == "give \(path)")
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    #expect(refusal(parent)?.remedy == "give one of the runs in it: \(path)")
    #expect(refusal("\(parent)/nowhere")?.remedy == "give the --output of supcon pretrain or supervised")
    try run.directory.checkHoldsRun()
  }

  @Test func `two results are of other images if a field that both have differs`() {
    let own: [String: JSONValue] = ["dataset": .text("folder"), "test_contents": .text("1-a"), "split": .text("test")]
    var other = own
    for name in ["dataset", "test_contents"] {
      other[name] = .text("other")
      #expect(ResultPlace.differ(own, other), "\(name)")
      other[name] = .null
      #expect(!ResultPlace.differ(own, other), "\(name)")
      other[name] = nil
      #expect(!ResultPlace.differ(own, other), "\(name)")
    }
    other["split"] = .text("validation")
    #expect(!ResultPlace.differ(own, other))
    other["dataset"] = .text("cifar10")
    #expect(ResultPlace.differ(own, other) && !ResultPlace.differ(own, other, in: ["test_contents"]))
  }

  @Test func `an accuracy of k-NN goes with its k when the weights change`() {
    #expect(RunStatus.neighborsField(of: "average_pixel_knn_top1") == "average_pixel_knn_neighbors")
    let expected: Set = [
      "linear_top1", "linear_top5", "knn_top1", "pixel_knn_top1", "knn_neighbors", "pixel_knn_neighbors",
      "average_linear_top1", "average_linear_top5", "average_knn_top1", "average_pixel_knn_top1",
      "average_knn_neighbors", "average_pixel_knn_neighbors",
    ]
    #expect(RunStatus.fieldsOfLaterStages == expected)
  }

  @Test func `a stage's result is checked before the work`() throws {
    let run = try SmallRun(steps: [])
    try run.directory.create()
    try run.directory.prepareResult(in: "linear")
    try makeFolder("\(run.directory.path)/linear/summary.json")
    expectRefusal(naming: ["linear/summary.json: is a folder", "make it writable, or copy the run"]) {
      try run.directory.prepareResult(in: "linear")
    }
  }
}
