import Foundation
import Runs
import TestSupport
import Testing

/// The metrics log of a run that is continued.
struct MetricsLogTests {
  /// The lines end as this program ends them, or as an editor may have saved them.
  @Test(arguments: ["\n", "\r\n"])
  func `a continued log keeps the lines through its step, and no torn one`(end: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("metrics.jsonl")
    let whole = (1...6).map { step in "{\"loss\":1,\"step\":\(step)}\(end)" }.joined()
    try writeBytes(Array((whole + "{\"loss\":1,\"st").utf8), to: path)
    let log = try MetricsLog(path: path, keepingThrough: 4)
    let record = TestRecord(step: 5, epoch: 1, testTop1: 0.5, testTop5: 1)
    try log.append(MetricsLine(record, time: Date(timeIntervalSince1970: 0)))
    let bytes = try readBytes(path)
    #expect(!bytes.contains(UInt8(ascii: "\r")))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let rows = try lines.map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(rows.map { row in row["step"] as? Int } == [1, 2, 3, 4, 5])
    #expect(rows.map { row in row["loss"] as? Int } == [1, 1, 1, 1, nil])
    let last = try #require(rows.last)
    #expect(last["kind"] as? String == "test" && last["test_top1"] as? Double == 0.5)
    #expect(last["time"] as? String == "1970-01-01T00:00:00Z")
  }

  @Test func `a log that cannot be opened is named`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: (any Error).self) {
      _ = try MetricsLog(path: directory.file("nowhere/metrics.jsonl"), keepingThrough: 0)
    }
  }
}
