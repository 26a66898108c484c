import Glibc

/// Writes all bytes to an open file, in as many system calls as it takes.
///
/// - Parameters:
///   - bytes: The bytes.
///   - descriptor: The file, open for writing, not with `O_NONBLOCK`.
///   - path: The path of the file, for error messages.
///   - offset: The place of the first byte in the file; `nil` to write where the last write ended.
/// - Throws: ``FileError`` with the system's reason; a write of nothing, which has none, counts as a full disk. Some of
///   the bytes may then be in the file.
package func writeAll(
  _ bytes: RawSpan, to descriptor: Int32, path: String, at offset: Int? = nil
) throws(FileError) {
  try unsafe bytes.withUnsafeBytes { (bytes) throws(FileError) in
    var written = 0
    while written < bytes.count {
      guard let base = bytes.baseAddress else { break }
      let rest = bytes.count - written
      let count =
        if let offset {
          unsafe pwrite(descriptor, base + written, rest, off_t(offset + written))
        } else {
          unsafe write(descriptor, base + written, rest)
        }
      if count < 0, errno == EINTR {
        continue
      }
      guard count > 0 else {
        throw FileError(path: path, action: "write to it", code: count < 0 ? errno : ENOSPC)
      }
      written += count
    }
  }
}
