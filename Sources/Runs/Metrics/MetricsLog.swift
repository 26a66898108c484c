import Formats
import Glibc

/// The metrics log, `metrics.jsonl`: one JSON object per line.
///
/// Used on rank 0 only.
@safe
package final class MetricsLog {
  private let path: String
  private let descriptor: Int32
  /// True if the last line may be incomplete because a write failed.
  private var isTorn = false

  /// Opens the log, and removes the lines of steps after `step`, which a resumed run computes again.
  package init(path: String, keepingThrough step: Int) throws(FileError) {
    self.path = path
    if let file = try? ReadOnlyFile(path: path) {
      var kept = ""
      Self.forEachRecord(in: String(decoding: try file.contents(), as: UTF8.self), through: step) { line, _ in
        kept += "\(line)\n"
      }
      try AtomicFile.write(kept, to: path)
    }
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(creating: path, code: errno) }
  }

  deinit { close(descriptor) }

  /// Passes each line of a log through some step, with its fields, to a function; a line that was cut off is left out.
  package static func forEachRecord(
    in text: String, through step: Int, _ body: (_ line: Substring, _ fields: [String: JSONValue]) -> Void
  ) {
    for line in lines(of: text) {
      guard case .object(let fields)? = JSONValue(parsing: String(line)), case .integer(let lineStep)? = fields["step"],
        lineStep <= step
      else { continue }
      body(line, fields)
    }
  }

  /// Returns the lines of a log's text, which an editor may have ended with a carriage return too.
  package static func lines(of text: String) -> [Substring] {
    text.split { letter in letter == "\n" || letter == "\r\n" }
  }

  /// Appends one record as a line.
  ///
  /// - Throws: ``FileError``, for example if the disk is full; the next line then begins anew.
  package func append(_ line: MetricsLine<some MetricsRecord>) throws(FileError) {
    let bytes = Array(((isTorn ? "\n" : "") + line.encoded() + "\n").utf8)
    isTorn = true
    unsafe try writeAll(bytes.span.bytes, to: descriptor, path: path)
    isTorn = false
  }
}
