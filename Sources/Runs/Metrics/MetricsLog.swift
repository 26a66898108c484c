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
      let text = String(decoding: try file.contents(), as: UTF8.self)
      let kept = text.split(separator: "\n").filter { line in
        guard case .object(let fields) = JSONValue(parsing: String(line)), case .integer(let lineStep) = fields["step"]
        else { return false }
        return lineStep <= step
      }
      try AtomicFile.write(kept.map { line in line + "\n" }.joined(), to: path)
    }
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(creating: path, code: errno) }
  }

  deinit { close(descriptor) }

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
