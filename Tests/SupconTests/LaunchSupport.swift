import Foundation
import TestSupport

/// Ways to start ranks that differ from each other.
extension Workshop {
  /// Writes a shell script and gives its path.
  func script(_ name: String, _ text: String) throws -> String {
    try "#!/bin/sh\n\(text)\n".write(toFile: path(name), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path(name))
    return path(name)
  }

  /// Runs `supcon` on two ranks, where rank 1 first runs `commands` of a shell, in which `$@` are its arguments.
  func runTwo(
    _ arguments: [String], options: [String] = ["--oversubscribe", "--bind-to", "none"], rankOne commands: String = ":"
  ) throws -> ProcessResult {
    let supcon = try builtExecutable("supcon")
    let wrapper = try script(
      "wrapper",
      """
      cd '\(path("."))'
      program='\(supcon)'
      if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
        \(commands)
      fi
      exec "$program" "$@"
      """)
    return try runProcess(
      "/usr/bin/env",
      ["OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "mpirun", "--timeout", "60"] + options
        + ["-np", "2", wrapper] + arguments)
  }

  /// Compiles `scripts/faults/fault.c` to `fault.so`.
  func compileFault() throws {
    let source = projectRoot.appendingPathComponent("scripts/faults/fault.c").path
    try succeeding(
      runProcess("/usr/bin/env", ["mpicc", "-shared", "-fPIC", "-O1", "-o", path("fault.so"), source, "-ldl"]))
  }

  /// The number that a file of the workshop begins with.
  func number(in name: String) throws -> Int32? {
    try Int32(text(name).prefix { letter in letter.isNumber })
  }
}

/// The project's folder.
let projectRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// Returns true if a process exists and has not ended.
func isRunning(_ process: Int32) -> Bool {
  guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
  return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}

/// Waits until something holds, for a minute at most.
func waitUntil(_ condition: () -> Bool) throws {
  for _ in 0..<600 {
    if condition() {
      return
    }
    usleep(100_000)
  }
  throw UnexpectedEnd(description: "what was waited for did not happen within a minute")
}
