import Foundation
import TestSupport
import Testing

/// The scripts that measure and check: the folders from which paths count, and where their readers find them.
struct ScriptTests {
  /// Runs a script in the workshop's folder.
  private func run(
    _ script: String, _ arguments: [String] = [], in workshop: Workshop, _ environment: [String: String] = [:]
  ) throws -> ProcessResult {
    let path = projectRoot.appendingPathComponent("scripts/\(script)").path
    return try runProcess(
      "/bin/sh", ["-c", "cd \"$0\" && exec \"$@\"", workshop.path("."), path] + arguments, environment: environment)
  }

  // The checkout has a program of this name.
  @Test(arguments: [
    ["test-faults.sh", "bits"], ["check-scaling.sh"], ["check-simulation.sh"], ["bench-loss.sh"], ["bench-network.sh"],
    ["bench-reduction.sh"], ["compare-pytorch.sh"],
  ])
  func `a relative SUPCON counts from the folder of the caller`(script: [String]) throws {
    let workshop = try Workshop()
    let result = try run(
      script[0], Array(script.dropFirst()), in: workshop, ["SUPCON": "scripts/launch.sh"])
    #expect(result.exitCode == 66, "\(result.standardError)")
    let place = "there is no program \(workshop.path("scripts/launch.sh")):"
    #expect(result.standardError.contains(place), "\(result.standardError)")
  }

  @Test(arguments: ["SUPCON", "MPI_CHECKS"])
  func `a program in the folder of the caller is found from any folder`(variable: String) throws {
    let workshop = try Workshop()
    _ = try workshop.script("program", "exit 0")
    let commands = """
      cd "$1" && \(variable)=program
      . "$2"
      cd / && echo "$\(variable)"
      """
    let script = projectRoot.appendingPathComponent("scripts/given-program.sh").path
    let result = try runProcess("/usr/bin/env", ["bash", "-euc", commands, "test", workshop.path("."), script])
    #expect(result.lastLine == workshop.path("program"), "\(result.standardError)")
  }

  @Test func `the folder of the simulation's plans counts from the folder of the caller`() throws {
    let workshop = try Workshop()
    try Data().write(to: URL(fileURLWithPath: workshop.path("plans")))
    let result = try run("check-simulation.sh", ["--plans", "plans"], in: workshop)
    #expect(result.exitCode == 64, "\(result.standardError)")
    #expect(result.standardError.contains("--plans \(workshop.path("plans")): is a file"), "\(result.standardError)")
  }

  @Test func `the folder of the quickstart's runs counts from the folder of the caller, and is made first`() throws {
    let workshop = try Workshop()
    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    let result = try run("quickstart.sh", in: workshop, ["SUPCON_RUNS": "file/runs"])
    #expect(result.exitCode == 73, "\(result.standardError)")
    #expect(
      result.standardError.contains("quickstart: \(workshop.path("file/runs")) cannot be made"),
      "\(result.standardError)")
  }

  @Test func `the folder of the tests' build counts from the folder of the caller`() throws {
    let workshop = try Workshop()
    _ = try workshop.script("swift", "echo swift \"$@\"")
    _ = try workshop.script("dpkg-query", "echo installed")
    let path = try #require(ProcessInfo.processInfo.environment["PATH"])
    let result = try run(
      "test.sh", ["--filter", "none"], in: workshop,
      ["SUPCON_BUILD": "a build", "PATH": "\(workshop.path(".")):\(path)"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    let expected = "swift build -c release --scratch-path \(workshop.path("a build")) --build-tests"
    #expect(result.standardOutput.contains(expected), "\(result.standardOutput)")
  }

  // Otherwise minutes of measurements were lost at the end.
  @Test func `a file of results that cannot be written is told before anything is measured`() throws {
    let workshop = try Workshop()
    let program = try workshop.script("program", "exit 0")
    let result = try run(
      "compare-pytorch.sh", ["--data", workshop.data, "--json", "none/results.json"], in: workshop,
      ["SUPCON": program])
    #expect(result.exitCode == 73, "\(result.standardError)")
    #expect(result.standardError.contains("none/results.json: cannot be written"), "\(result.standardError)")

    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    let faults = try run("test-faults.sh", ["--output", "file/tables", "bits"], in: workshop, ["SUPCON": program])
    #expect(faults.exitCode == 73, "\(faults.standardError)")
    #expect(faults.standardError.contains("--output file/tables: cannot be made"), "\(faults.standardError)")
  }

  // Endless where the text of the help was the condition for the end of the script.
  @Test(
    arguments: ["launch.sh", "compare-pytorch.sh", "compare-torchvision.sh", "results/reproduce.sh", "pack-encoder.sh"])
  func `a help that cannot be written ends with 74`(script: String) throws {
    let path = projectRoot.appendingPathComponent("scripts/\(script)").path
    let result = try runProcess(
      "/bin/sh", ["-c", "exec timeout 10 \"$0\" --help >/dev/full", path])
    #expect(result.exitCode == 74, "\(result.standardError)")
  }

  @Test func `a closed standard error does not keep a wrong option from ending the script`() throws {
    let path = projectRoot.appendingPathComponent("scripts/launch.sh").path
    for option in ["--wrong", ""] {
      let result = try runProcess("/bin/sh", ["-c", "exec timeout 10 \"$0\" \(option) 2>&-", path])
      #expect(result.exitCode == 64, "\(option)")
    }
  }

  @Test func `every script is named by a document, a test, a source or another script`() throws {
    let folder = projectRoot.appendingPathComponent("scripts").path
    let scripts = try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
      name.hasSuffix(".sh") || name.hasSuffix(".py")
    }
    #expect(scripts.count > 30)
    let places = ["README.md", "CONTRIBUTING.md", "Package.swift", "docs", "scripts", "Sources", "Tests"]
    let found = try succeeding(
      runProcess(
        "/usr/bin/env",
        ["grep", "-roE", "--include=*.md", "--include=*.swift", "--include=*.sh", "--include=*.py"]
          + ["[a-z0-9-]+\\.(sh|py)"] + places.map { place in projectRoot.appendingPathComponent(place).path }))
    var named: Set<Substring> = []
    for line in found.standardOutput.split(separator: "\n") {
      guard let colon = line.lastIndex(of: ":") else { continue }
      let name = line[line.index(after: colon)...]
      // Its own head does not lead to it.
      if !line[..<colon].hasSuffix("/scripts/\(name)") { named.insert(name) }
    }
    for script in scripts.sorted() { #expect(named.contains(script[...]), "\(script)") }
  }
}
