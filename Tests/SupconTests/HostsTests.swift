import Foundation
import TestSupport
import Testing

/// `scripts/launch.sh`, on this machine and between test hosts on it.
struct HostsTests {
  private func launch(_ arguments: [String]) throws -> ProcessResult {
    try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, arguments,
      environment: ["SUPCON": try builtExecutable("supcon")])
  }

  @Test func ranksOnThisMachine() throws {
    let workshop = try Workshop()
    let result = try launch(
      [
        "-np", "3", "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--steps", "2", "--output",
        workshop.path("run"),
      ] + Workshop.configuration)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(try workshop.summary("run").number("ranks") == 3)
  }

  @Test(arguments: ["local", "two-nodes", "heterogeneous"])
  func hostfilesAreCommented(name: String) throws {
    let text = try String(contentsOf: projectRoot.appendingPathComponent("hostfiles/\(name)"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count { line in line.hasPrefix("#") } >= 2)
    for line in lines where !line.hasPrefix("#") {
      #expect(line.wholeMatch(of: /[a-z-]+ +slots=[0-9]+/) != nil, "\(line)")
    }
  }

  @Test func whatIsWrongIsToldBeforeMPIStarts() throws {
    let workshop = try Workshop()
    let hostfile = workshop.path("hosts")
    func refusal(_ text: String, _ options: [String]) throws -> ProcessResult {
      try text.write(toFile: hostfile, atomically: true, encoding: .utf8)
      return try launch(["--hostfile", hostfile] + options + ["pretrain", "--output", workshop.path("run")])
    }
    let cases: [(text: String, options: [String], code: Int32, parts: [String])] = [
      ("nowhere.invalid slots=2\n", [], 68, ["host nowhere.invalid has no address"]),
      ("localhost slots=2\n", ["-np", "3"], 64, ["3 ranks, but 2 slots", "--oversubscribe"]),
      ("# nothing\n", [], 64, [hostfile, "names no host"]),
      ("localhost slots=two\n", [], 64, ["line 1", "host localhost", "slots=two"]),
      ("localhost slots=08\n", [], 64, ["line 1", "slots=08", "a whole number above 0"]),
      ("localhost slots=0\r\n", [], 64, ["line 1", "localhost: slots=0: expected"]),
      ("localhost cores=2\n", [], 64, ["line 1", "cores=2", "expected slots="]),
      ("localhost\n", ["-np", "0"], 64, ["-np 0"]),
    ]
    for (text, options, code, parts) in cases {
      let result = try refusal(text, options)
      #expect(result.exitCode == code, "\(text)\(result.standardError)")
      for part in parts {
        #expect(result.standardError.contains(part), "\(result.standardError)")
      }
    }
  }

  /// scripts/test-faults.sh takes 40 steps on two and on three hosts.
  @Test(.enabled(if: hasTestHosts, "test hosts need root, iproute2 and network namespaces"))
  func twoHostsHaveTheBitsOfOneRank() throws {
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/test-faults.sh").path, ["hosts"],
      environment: ["SUPCON": try builtExecutable("supcon"), "quick": "1", "steps": "5", "host_counts": "2"])
    #expect(result.exitCode == 0, "\(result.standardOutput)\(result.standardError)")
    #expect(result.standardOutput.contains("passed   5 steps on 2 hosts over TCP: the bits of one rank"))
  }

  private static let hasTestHosts: Bool = {
    let script = projectRoot.appendingPathComponent("scripts/faults/test-hosts.sh").path
    let result = try? runProcess("/bin/bash", ["-c", ". '\(script)' && [ -z \"$(hosts_problem)\" ]"])
    return result?.exitCode == 0
  }()
}
