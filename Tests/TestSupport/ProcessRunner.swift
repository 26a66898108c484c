import Foundation

/// How a process ended and what it wrote.
public struct ProcessResult: Sendable {
  /// Its exit code.
  public let exitCode: Int32
  /// What it wrote to its standard output.
  public let standardOutput: String
  /// What it wrote to its standard error.
  public let standardError: String
}

/// A folder that is gone with its value.
public struct TemporaryDirectory: ~Copyable {
  /// Where it is.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/supcon-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs a program to its end.
public func runProcess(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], timeoutSeconds: Int = 120
) throws -> ProcessResult {
  let directory = try TemporaryDirectory()
  let (output, error) = (directory.path + "/output", directory.path + "/error")
  for path in [output, error] {
    try Data().write(to: URL(fileURLWithPath: path))
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
  process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: error))
  try process.run()
  let end = Date().addingTimeInterval(Double(timeoutSeconds))
  while process.isRunning {
    if Date() > end {
      kill(process.processIdentifier, SIGKILL)
    }
    usleep(10_000)
  }
  process.waitUntilExit()
  return ProcessResult(
    exitCode: process.terminationStatus, standardOutput: try String(contentsOfFile: output, encoding: .utf8),
    standardError: try String(contentsOfFile: error, encoding: .utf8))
}

/// Runs a program under mpirun to its end.
public func runUnderMPI(
  ranks: Int, _ executable: String, _ arguments: [String], timeoutSeconds: Int = 120
) throws -> ProcessResult {
  try runProcess(
    "/usr/bin/env",
    [
      "mpirun", "--timeout", "\(timeoutSeconds)", "--oversubscribe", "--bind-to", "none", "-np", "\(ranks)", executable,
    ] + arguments,
    environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
    timeoutSeconds: timeoutSeconds + 10)
}

/// A missing executable.
struct NotBuilt: Error, CustomStringConvertible {
  let description: String
}

/// The path of a product beside the test's own executable.
public func builtExecutable(_ name: String) throws -> String {
  let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let path = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/" + name
  guard FileManager.default.isExecutableFile(atPath: path) else {
    throw NotBuilt(description: "\(path): is not built; run swift build --build-tests -c release")
  }
  return path
}
