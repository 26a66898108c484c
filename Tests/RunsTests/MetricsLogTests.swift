import Foundation
import Runs
import TestSupport
import Testing

/// The metrics log of a run that is continued.
struct MetricsLogTests {
  @Test func `a continued log keeps the lines through its step, and no torn one`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("metrics.jsonl")
    let whole = (1...6).map { step in "{\"loss\":1,\"step\":\(step)}\n" }.joined()
    try writeBytes(Array((whole + "{\"loss\":1,\"st").utf8), to: path)
    let log = try MetricsLog(path: path, keepingThrough: 4)
    try log.append(["step": .integer(5), "loss": .integer(2)])
    let lines = String(decoding: try readBytes(path), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 5)
    let steps = try lines.map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Int])
    }
    #expect(steps.map { fields in fields["step"] } == [1, 2, 3, 4, 5])
    #expect(steps.map { fields in fields["loss"] } == [1, 1, 1, 1, 2])
  }

  @Test func `a log that cannot be opened is named`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: (any Error).self) {
      _ = try MetricsLog(path: directory.file("nowhere/metrics.jsonl"), keepingThrough: 0)
    }
  }
}
