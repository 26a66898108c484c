import TestSupport
import Testing

/// Checks that a job ended by someone's fault as the contract says: with the code, with one message, which holds all
/// `parts`.
func expectRefusal(
  _ result: ProcessResult, _ code: Int32, naming parts: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  // mpirun adds its own report between rulers.
  let lines = result.standardError.split(separator: "\n").prefix { line in !line.hasPrefix("-----") }
  let message = lines.joined(separator: "\n")
  let exitCode = result.exitCode
  #expect(exitCode == code, "\(message)", sourceLocation: sourceLocation)
  let messages = result.standardError.ranges(of: "Error: ").count
  #expect(messages == 1, "one message: \(message)", sourceLocation: sourceLocation)
  let isOnOutput = result.standardOutput.contains("Error: ")
  #expect(!isOnOutput, sourceLocation: sourceLocation)
  for part in parts {
    #expect(message.contains(part), sourceLocation: sourceLocation)
  }
}

extension Workshop {
  /// Checks on 1 and 3 ranks that a job is refused and that nothing in the workshop changes.
  func expectRefusal(
    _ arguments: [String], _ code: Int32, naming parts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try FolderSnapshot(path("."))
    for ranks in [1, 3] {
      let result = try run(ranks: ranks, arguments)
      SupconTests.expectRefusal(result, code, naming: parts, sourceLocation: sourceLocation)
    }
    let changes = try FolderSnapshot(path(".")).changes(since: before)
    #expect(changes.isEmpty, "touched files", sourceLocation: sourceLocation)
  }
}
