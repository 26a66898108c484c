import Foundation
import TestSupport
import Testing

/// Two jobs and one run directory.
struct RunLockTests {
  @Test func aSecondJobWaitsAndNamesTheFirst() throws {
    let workshop = try Workshop()
    let first = BackgroundJob(
      try builtExecutable("supcon"),
      [
        "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--batch-size", "32", "--shard-size", "4",
        "--epochs", "100000", "--checkpoint-steps", "1", "--output", workshop.path("run"),
      ])
    var holder = ""
    for _ in 0..<600 {
      if let checkpoints = try? workshop.checkpoints("run"), !checkpoints.isEmpty {
        holder = try workshop.text("run/.lock")
        break
      }
      usleep(100_000)
    }
    let process = try #require(holder.split(separator: " ").dropFirst().first.flatMap { text in Int32(text) })
    var isRunning = true
    defer {
      if isRunning {
        kill(process, SIGKILL)
      }
    }

    let host = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8).split(separator: "\n").first
    let start = Date()
    let second = try workshop.resume("run", ranks: 2, [])
    let waitedSeconds = Date().timeIntervalSince(start)
    expectRefusal(
      second, 73,
      naming: [
        workshop.path("run"), "in use by process \(process) on host \(host ?? "?")",
        "wait for it to end", "--output",
      ])
    #expect(waitedSeconds > 14 && waitedSeconds < 45, "waited for \(waitedSeconds) s")

    // The lock ends with its holder, however that ends.
    kill(process, SIGKILL)
    isRunning = false
    #expect(try first.result().exitCode != 0)
    let third = try workshop.resume("run", ["--steps", "1"])
    #expect(third.exitCode == 0, "\(third.standardError)")
  }

  @Test func oneOfTwoJobsBeginsANewRun() throws {
    let workshop = try Workshop()
    let supcon = try builtExecutable("supcon")
    let arguments =
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run"), "--steps", "3"]
      + Workshop.configuration
    // Both find an empty folder and wait at its lock until it is released.
    try FileManager.default.createDirectory(atPath: workshop.path("run"), withIntermediateDirectories: true)
    let lock = try HeldLock(path: workshop.path("run/.lock"))
    let jobs = [BackgroundJob(supcon, arguments), BackgroundJob(supcon, arguments)]
    sleep(3)
    _ = consume lock
    let results = try jobs.map { job in try job.result() }
    #expect(Set(results.map(\.exitCode)) == [0, 73])
    let messages = results.map(\.standardError).joined()
    #expect(messages.contains("holds a run; continue it with --resume"), "\(messages)")
    let (found, expected) = (try workshop.weights(of: "run"), try workshop.weights("alone", ["--steps", "3"]))
    #expect(found == expected)
  }
}
