import Foundation
import TestSupport
import Testing

/// The checks with which `scripts/install.sh` begins: whatever is wrong is told before anything is built or installed.
struct InstallScriptTests {
  private func install(_ arguments: [String], path: String? = nil) throws -> ProcessResult {
    try runProcess(
      projectRoot.appendingPathComponent("scripts/install.sh").path, arguments,
      environment: path.map { path in ["PATH": path] } ?? [:])
  }

  @Test func `a prefix that cannot be written is refused, and nothing is installed`() throws {
    let workshop = try Workshop()
    try "a file\n".write(toFile: workshop.path("file"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(
      atPath: workshop.path("taken/lib"), withIntermediateDirectories: true)
    try "a file\n".write(toFile: workshop.path("taken/lib/supcon"), atomically: true, encoding: .utf8)
    let before = try FolderSnapshot(workshop.path("."))
    let cases = [
      (prefix: workshop.path("file"), part: "file is no folder"),
      (prefix: workshop.path("file/deeper"), part: "file is no folder"),
      (prefix: workshop.path("taken"), part: "taken/lib/supcon is no folder"),
      (prefix: "/proc/supcon", part: "/proc"),
    ]
    for (prefix, part) in cases {
      let result = try install(["--prefix", prefix])
      #expect(result.exitCode == 73, "\(result.standardError)")
      #expect(result.standardError.contains("--prefix \(prefix): ") && result.standardError.contains(part))
      #expect(result.standardError.contains("nothing was installed; choose another prefix"), "\(result.standardError)")
    }
    #expect(try FolderSnapshot(workshop.path(".")).changes(since: before).isEmpty)
  }

  @Test(
    arguments: [
      ([], "--prefix DIR"), (["--prefix"], "needs a folder"), (["--somewhere", "x"], "unknown option"),
      (["--prefix", "--bundle"], "--prefix --bundle: expected a folder"),
    ])
  func `wrong arguments are named`(arguments: [String], part: String) throws {
    let result = try install(arguments)
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains(part), "\(result.standardError)")
  }

  @Test func `a host without Swift is told before the build`() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("bin"), withIntermediateDirectories: true)
    for program in ["bash", "dirname", "realpath", "mktemp", "rmdir", "id", "rm"] {
      let found = try runProcess("/bin/sh", ["-c", "command -v \(program)"]).lastLine
      try FileManager.default.createSymbolicLink(atPath: workshop.path("bin/\(program)"), withDestinationPath: found)
    }
    let result = try install(["--prefix", workshop.path("prefix")], path: workshop.path("bin"))
    #expect(result.exitCode == 69, "\(result.standardError)")
    #expect(result.standardError.contains("there is no swift on the PATH"))
    #expect(!FileManager.default.fileExists(atPath: workshop.path("prefix")))
  }
}
