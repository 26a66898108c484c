import Glibc

/// A file that is read at any place from any thread.
///
/// By `pread`, not mapped: a mapping's pages count as this process's memory.
final class ReadOnlyFile: Sendable {
  let path: String
  let byteCount: Int
  private let descriptor: Int32

  init(path: String) throws(DatasetError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      throw DatasetError(
        kind: code == ENOENT || code == ENOTDIR ? .missing : .input,
        description: "\(path): cannot be opened: \(unsafe String(cString: strerror(code)))")
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw DatasetError(
        kind: .input, description: "\(path): cannot be examined: \(unsafe String(cString: strerror(code)))")
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The `count` bytes from `offset` on.
  func read(_ count: Int, at offset: Int) throws(DatasetError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        guard let base = buffer.baseAddress else { break }
        let got = unsafe pread(descriptor, base + filled, count - filled, off_t(offset + filled))
        if got < 0, errno == EINTR {
          continue
        }
        if got <= 0 {
          failure = got < 0 ? errno : 0
          break
        }
        filled += got
      }
    }
    guard bytes.count == count else {
      let reason = failure == 0 ? "the file ends early" : unsafe String(cString: strerror(failure))
      throw DatasetError(
        kind: .input, description: "\(path): cannot read \(count) bytes at \(offset): \(reason)")
    }
    return bytes
  }
}
