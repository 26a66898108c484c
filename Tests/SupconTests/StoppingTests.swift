import Foundation
import TestSupport
import Testing

/// A run that is asked to stop saves, exits 75, and continues as if nothing had happened.
struct StoppingTests {
  private static let stepCount = 100
  private let steps = ["--steps", "\(stepCount)", "--log-steps", "1"]
  /// Room for all steps, of small images, so that a run that is stopped often takes seconds.
  private let configuration = [
    "--batch-size", "16", "--shard-size", "4", "--epochs", "10", "--image-size", "16",
  ]

  /// Starts a job on the workshop's data, or continues it, and waits until it has logged some steps.
  private func started(_ workshop: Workshop, ranks: Int, isContinued: Bool = false) throws -> BackgroundJob {
    let data = ["--dataset", "cifar10", "--data", workshop.data] + configuration
    let arguments =
      ["pretrain", "--output", workshop.path("run")] + (isContinued ? ["--resume"] : data) + steps
    func lineCount() -> Int {
      (try? workshop.text("run/metrics.jsonl"))?.split(separator: "\n").count ?? 0
    }
    let before = lineCount()
    let supcon = try builtExecutable("supcon")
    let job =
      ranks == 1
      ? BackgroundJob(supcon, arguments) : BackgroundJob(ranks: ranks, supcon, arguments)
    for _ in 0..<6000 {
      if lineCount() > before + 3 {
        return job
      }
      usleep(10_000)
    }
    throw UnexpectedEnd(description: "no step was logged")
  }

  /// One run, stopped by each signal in turn.
  @Test func oneProcessSavesAndContinues() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("undisturbed", configuration: configuration, steps)
    var stopped = 0.0
    for (place, signal) in [SIGUSR1, SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGXCPU].enumerated() {
      let job = try started(workshop, ranks: 1, isContinued: place > 0)
      let process = try #require(job.processIdentifier)
      kill(process, signal)
      let result = try job.result()
      #expect(result.exitCode == 75, "\(result.standardError)")
      #expect(result.standardOutput.contains("stopped on request after step"))
      #expect(result.standardOutput.contains("supcon pretrain --resume --output \(workshop.path("run"))"))
      let step = try workshop.summary("run").number("steps")
      #expect(step >= stopped + 4 && step < Double(Self.stepCount))
      stopped = step
      #expect(!FileManager.default.fileExists(atPath: workshop.path("run/encoder.safetensors")))
    }
    let found = try workshop.resumedWeights("run", ranks: 2, steps)
    #expect(found == expected)
    #expect(FileManager.default.fileExists(atPath: workshop.path("run/encoder.safetensors")))
  }

  @Test func mpirunForwardsTheRequestToAllRanks() throws {
    let workshop = try Workshop()
    let job = try started(workshop, ranks: 3)
    let launcher = try #require(job.processIdentifier)
    kill(launcher, SIGUSR1)
    let result = try job.result()
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardOutput.ranges(of: "stopped on request").count == 1)
    let found = try workshop.resumedWeights("run", steps)
    let expected = try workshop.weights("undisturbed", configuration: configuration, steps)
    #expect(found == expected)
  }

  @Test func aSecondSignalEndsAtOnce() throws {
    let workshop = try Workshop()
    // A step of many seconds.
    let job = BackgroundJob(
      try builtExecutable("supcon"),
      [
        "pretrain", "--batch-size", "6016", "--shapes-train", "6016", "--output", workshop.path("slow"),
      ])
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: workshop.path("slow/metrics.jsonl")) {
      usleep(50_000)
    }
    sleep(1)
    let process = try #require(job.processIdentifier)
    kill(process, SIGINT)
    usleep(600_000)
    let start = Date()
    kill(process, SIGINT)
    let result = try job.result()
    #expect(result.exitCode == 128 + SIGINT)
    #expect(Date().timeIntervalSince(start) < 5)
  }

  @Test func timeIsUp() throws {
    let workshop = try Workshop()
    let result = try workshop.pretrain("run", configuration: configuration, ["--max-time", "1s", "--epochs", "100000"])
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.elapsedSeconds < 20)
    #expect(try !workshop.checkpoints("run").isEmpty)
  }

  @Test func `what is measured after a stop is in the summary`() throws {
    let workshop = try Workshop()
    // Each step ends an epoch, after which the run is evaluated and its classifier is tested.
    let everyStep = [
      "--batch-size", "192", "--shard-size", "16", "--epochs", "100000", "--evaluate-epochs", "1", "--model",
      "resnet8", "--image-size", "16", "--cross-entropy-weight", "0.5",
    ]
    let result = try workshop.pretrain("run", configuration: everyStep, ["--max-time", "1s"])
    #expect(result.exitCode == 75, "\(result.standardError)")
    let summary = try workshop.summary("run")
    #expect(try summary.text("status") == "stopped")
    #expect(try summary.number("test_step") == summary.number("steps"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: workshop.path("run/summary.json")))
    let fields = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    let evaluation = try #require(fields["evaluation"] as? [String: Any])
    #expect(try (evaluation["step"] as? Int).map(Double.init) == summary.number("steps"))
  }

  @Test func `a limit of CPU time that is soft and hard at once leaves the time to save`() throws {
    let workshop = try Workshop()
    // A step takes longer than the second after which the kernel sends its signal again.
    let options = ["--model", "resnet18", "--batch-size", "32", "--shard-size", "16", "--epochs", "1000"]
    let result = try runProcess(
      "/bin/sh",
      [
        "-c", "ulimit -t 20 && exec \"$0\" \"$@\"", builtExecutable("supcon"), "pretrain", "--dataset",
        "cifar10", "--data", workshop.data, "--output", workshop.path("run"), "--evaluate-epochs", "0",
      ] + options)
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(try !workshop.checkpoints("run").isEmpty)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `files that a stopped command was writing are removed, and older ones are kept`(signal: Int32) throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.run([
        "pretrain", "--model", "resnet8", "--steps", "0", "--shapes-train", "64", "--shapes-test", "60000",
        "--batch-size", "32", "--shard-size", "16", "--output", workshop.path("run"),
      ]))
    let old = Array("row,sample,name,label,class\n".utf8)
    try writeBytes(old, to: workshop.path("r.csv"))
    try FileManager.default.createDirectory(atPath: workshop.path("projector"), withIntermediateDirectories: false)
    let before = try FolderSnapshot(workshop.path("."))
    let job = BackgroundJob(
      try builtExecutable("supcon"),
      [
        "embed", workshop.path("run"), "--output", workshop.path("r.npy"), "--labels", workshop.path("y.npy"),
        "--table", workshop.path("r.csv"), "--projector", workshop.path("projector"),
      ])
    try waitUntil {
      ["r.npy", "y.npy", "r.csv"].allSatisfy { name in
        FileManager.default.fileExists(atPath: workshop.path("\(name).temporary"))
      }
    }
    let process = try #require(job.processIdentifier)
    kill(process, signal)
    let result = try job.result()
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardError.contains("supcon embed: stopped by a signal before it was done"))
    let changes = try FolderSnapshot(workshop.path(".")).changes(since: before)
    #expect(changes.isEmpty, "\(changes)")
  }

  @Test func theLastStepIsNoStop() throws {
    let workshop = try Workshop()
    let result = try workshop.pretrain("run", configuration: configuration, ["--max-time", "1ms", "--steps", "1"])
    #expect(result.exitCode == 64, "ms is no unit")
    let done = try workshop.pretrain("run", configuration: configuration, ["--max-time", "0.001", "--steps", "1"])
    #expect(done.exitCode == 0, "\(done.standardError)")
  }

  @Test func `a finished run that goes on is unfinished if it is killed before its next checkpoint`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: configuration, ["--steps", "2"]))
    #expect(try workshop.summary("run").text("status") == "finished")
    let job = BackgroundJob(
      try builtExecutable("supcon"),
      [
        "pretrain", "--resume", "--output", workshop.path("run"), "--extend-epochs", "100000", "--checkpoint-steps",
        "1000000", "--evaluate-epochs", "0",
      ])
    try waitUntil { (try? workshop.summary("run").text("status")) == "running" }
    kill(try #require(job.processIdentifier), SIGKILL)
    #expect(try job.result().exitCode != 0)
    #expect(try workshop.summary("run").text("status") == "running")
    #expect(try workshop.checkpoints("run").last == "step-00000002.safetensors")
    try succeeding(workshop.resume("run", ["--steps", "3"]))
    #expect(try workshop.summary("run").text("status") == "finished")
  }
}

/// A disk that is full.
struct DiskFullTests {
  /// True if this process may mount a file system.
  private static let mayMount: Bool = {
    guard geteuid() == 0 else { return false }
    let trial = "d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs \"$d\"; s=$?; umount \"$d\"; rmdir \"$d\"; exit $s"
    return (try? runProcess("/bin/sh", ["-c", trial]).exitCode) == 0
  }()

  // Skipped, and not passed, where nothing can be tested.
  @Test(.enabled(if: mayMount, "needs root and a tmpfs of its own"))
  func theRunGoesOnWithTheCheckpointsBefore() throws {
    let workshop = try Workshop()
    let disk = workshop.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    try succeeding(runProcess("/bin/mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk]))
    defer { _ = try? runProcess("/bin/umount", [disk]) }
    // A checkpoint of ResNet-20 takes 2.3 MB: the third one does not fit.
    let options = ["--steps", "5", "--checkpoint-steps", "1", "--keep", "5"]
    let result = try workshop.pretrain("disk/run", ranks: 2, options)
    #expect(result.exitCode == 74, "\(result.standardError)")
    #expect(result.standardOutput.contains("warning: the checkpoint of step 3 could not be written"))
    #expect(result.standardOutput.contains("No space left on device"))
    #expect(result.standardError.contains("make room for it (disk, quota, ulimit -f) and continue with --resume"))
    #expect(
      try workshop.checkpoints("disk/run").map { name in name.suffix(22) }
        == [
          "step-00000001.safetensors", "step-00000002.safetensors",
        ].map { name in name.suffix(22) })

    // With room again the run ends as if nothing had happened.
    try succeeding(runProcess("/bin/mount", ["-o", "remount,size=64m", disk]))
    let found = try workshop.resumedWeights("disk/run", options)
    let expected = try workshop.weights("undisturbed", options)
    #expect(found == expected)
  }
}
