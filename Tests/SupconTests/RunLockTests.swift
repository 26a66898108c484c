import Foundation
import TestSupport
import Testing

/// Returns true if a process has a file open.
private func isOpen(_ path: String, by process: Int32) -> Bool {
  let folder = "/proc/\(process)/fd"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.contains { name in
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) == path
  }
}

/// Two jobs and one run directory.
struct RunLockTests {
  @Test func aSecondJobWaitsAndNamesTheFirst() throws {
    let workshop = try Workshop()
    let first = BackgroundJob(
      try builtExecutable("supcon"),
      [
        "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--batch-size", "32", "--shard-size", "4",
        "--epochs", "100000", "--image-size", "16", "--checkpoint-steps", "1", "--output", workshop.path("run"),
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
    // Of the default of 15 s, the tests of Runs know.
    let second = try runUnderMPI(
      ranks: 2, try builtExecutable("supcon"), ["pretrain", "--resume", "--output", workshop.path("run")],
      environment: ["SUPCON_LOCK_WAIT": "2"])
    let waitedSeconds = Date().timeIntervalSince(start)
    expectRefusal(
      second, 73,
      naming: [
        workshop.path("run"), "in use by process \(process) on host \(host ?? "?")",
        "wait for it to end", "--output",
      ])
    #expect(waitedSeconds > 2 && waitedSeconds < 32, "waited for \(waitedSeconds) s")

    // The lock ends with its holder, however that ends.
    kill(process, SIGKILL)
    isRunning = false
    #expect(try first.result().exitCode != 0)
    let third = try workshop.resume("run", ["--steps", "1"])
    #expect(third.exitCode == 0, "\(third.standardError)")
  }

  @Test func oneOfTwoJobsBeginsANewRun() throws {
    let workshop = try Workshop()
    let steps = ["--steps", "3", "--image-size", "16"]
    let supcon = try builtExecutable("supcon")
    let arguments =
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
      + Workshop.configuration + steps
    // Both find an empty folder and wait at its lock until it is released.
    try FileManager.default.createDirectory(atPath: workshop.path("run"), withIntermediateDirectories: true)
    let path = workshop.path("run/.lock")
    let lock = try HeldLock(path: path)
    let jobs = [BackgroundJob(supcon, arguments), BackgroundJob(supcon, arguments)]
    // Both have read their data and stand at the lock, which each of them has open.
    try waitUntil {
      jobs.allSatisfy { job in job.processIdentifier.map { process in isOpen(path, by: process) } ?? false }
    }
    _ = consume lock
    let results = try jobs.map { job in try job.result() }
    #expect(Set(results.map(\.exitCode)) == [0, 73])
    let messages = results.map(\.standardError).joined()
    #expect(
      messages.contains("holds a finished run (3 of 3 steps); train on with --resume --steps N"), "\(messages)")
    let (found, expected) = (try workshop.weights(of: "run"), try workshop.weights("alone", steps))
    #expect(found == expected)
  }

  @Test func `jobs without --output that begin at once have runs of their own`() throws {
    let workshop = try Workshop()
    let arguments =
      [
        "-c", "cd \"$0\" && exec \"$@\"", workshop.path("."), try builtExecutable("supcon"), "pretrain", "--dataset",
        "cifar10",
      ]
      + ["--data", workshop.data, "--steps", "1"] + Workshop.configuration
    let jobs = (0..<3).map { _ in BackgroundJob("/bin/sh", arguments) }
    for job in jobs { try succeeding(job.result()) }
    for number in 1...3 {
      #expect(try workshop.summary("runs/pretrain-resnet20-cifar10-\(number)").text("status") == "finished")
    }
  }
}
