import Foundation
import TestSupport
import Testing

/// Jobs in which nothing happens any more end with 70, name the rank that is behind, and leave no process.
///
/// scripts/test-faults.sh has every other fault, and two hosts.
struct StallTests {
  /// A job of two ranks that trains for ever, of which one is then stopped.
  @Test(arguments: [1, 0])
  func aStoppedRankIsNamed(rank: Int) throws {
    let workshop = try Workshop()
    let supcon = try builtExecutable("supcon")
    let wrapper = try workshop.script(
      "wrapper", "echo $$ > '\(workshop.path("process"))'.$OMPI_COMM_WORLD_RANK; exec '\(supcon)' \"$@\"")
    let job = BackgroundJob(
      "/usr/bin/env",
      [
        "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "mpirun", "--oversubscribe", "--bind-to",
        "none", "-np", "2", wrapper, "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--epochs", "100000",
        "--log-steps", "1", "--image-size", "16", "--stall-timeout", "3", "--output", workshop.path("run"),
      ] + Workshop.configuration.prefix(4))
    try waitUntil { (try? workshop.text("run/metrics.jsonl").split(separator: "\n").count > 2) ?? false }
    let processes = try [0, 1].map { rank in try #require(try workshop.number(in: "process.\(rank)")) }
    let start = Date()
    kill(processes[rank], SIGSTOP)
    let result = try job.result()
    let seconds = Date().timeIntervalSince(start)
    #expect(result.exitCode == 70)
    #expect(seconds < 3 + 15, "\(seconds) s")
    let message = result.standardError
    #expect(message.contains("watchdog: no sign of life for 3.0 s from rank \(rank)"), "\(message)")
    // A process that was killed may wait for its parent to notice.
    for process in processes {
      try waitUntil { !isRunning(process) }
    }
  }

  /// With a single rank too, where no other rank waits for it.
  @Test func anEndlessLoopIsFound() throws {
    let workshop = try Workshop()
    try workshop.compileFault()
    let result = try runProcess(
      "/usr/bin/env",
      [
        "LD_PRELOAD=\(workshop.path("fault.so"))", "FAULT_RANK=0", "FAULT_KIND=loop", "FAULT_CALL=200",
        try builtExecutable("supcon"), "pretrain", "--shapes-train", "64",
        "--batch-size", "32", "--stall-timeout", "3", "--output", workshop.path("run"),
      ])
    #expect(result.exitCode == 70)
    let message = result.standardError
    #expect(message.contains("watchdog: no progress for 3.0 s: rank 0 on host"), "\(message)")
    #expect(message.contains("step "), "\(message)")
  }

  /// Every piece is slow here, but there are pieces: the whole takes longer than the time-out.
  @Test func slowWorkIsNoStall() throws {
    let workshop = try Workshop()
    try workshop.compileFault()
    let result = try runProcess(
      "/usr/bin/env",
      [
        "LD_PRELOAD=\(workshop.path("fault.so"))", "FAULT_RANK=0", "FAULT_KIND=slow", "FAULT_CALLS=50", "FAULT_CALL=0",
        try builtExecutable("supcon"), "pretrain", "--shapes-train", "64", "--batch-size", "32", "--shard-size", "4",
        "--steps", "1", "--stall-timeout", "2", "--output", workshop.path("run"),
      ])
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.elapsedSeconds > 4, "nothing was slow: \(result.elapsedSeconds) s")
  }

  @Test func theWatchCanBeSwitchedOff() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ranks: 2, ["--steps", "1", "--stall-timeout", "0"]))
    #expect(!(try workshop.text("run/config.yaml").contains("stall")))
  }

  @Test func badOptionsAreRefused() throws {
    let workshop = try Workshop()
    try workshop.expectRefusal(
      ["pretrain", "--stall-timeout", "0.5"], 64, naming: ["--stall-timeout 0.5", "at least 1, or 0"])
    try workshop.expectRefusal(
      ["pretrain", "--stall-timeout", "20000000"], 64, naming: ["--stall-timeout 20000000", "below 10000000, or 0"])
    try workshop.expectRefusal(
      ["linear", "--run", "x", "--watchdog-port", "70000"], 64, naming: ["--watchdog-port 70000", "65535"])
  }
}
