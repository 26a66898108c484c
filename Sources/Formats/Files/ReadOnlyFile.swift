import Glibc

/// A file that can be read at any offset, from any thread.
///
/// Uses `pread`, not a mapping, because mapped pages count as this process's memory.
public final class ReadOnlyFile: Sendable {
  /// The path of the file.
  public let path: String

  /// The file's size in bytes when it was opened.
  public let byteCount: Int

  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: ``FileError`` naming the path.
  public convenience init(path: String) throws(FileError) {
    try self.init(pathBytes: Array(path.utf8))
  }

  /// Opens a file whose path need not be UTF-8.
  ///
  /// - Throws: ``FileError`` naming the path.
  public init(pathBytes: [UInt8]) throws(FileError) {
    path = String(decoding: pathBytes, as: UTF8.self)
    let terminated = pathBytes.map(CChar.init(bitPattern:)) + [0]
    // Opening a pipe would otherwise wait for its writer.
    descriptor = unsafe open(terminated, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, action: "open it", code: errno) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError(path: path, action: "examine it", code: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(.content, "\(path): is not a regular file")
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Returns all bytes.
  ///
  /// - Throws: ``FileError`` if the file cannot be read.
  public func contents() throws(FileError) -> [UInt8] { try read(byteCount, at: 0) }

  /// Returns the first `limit` bytes, or all of a shorter file.
  ///
  /// - Throws: ``FileError`` if the file cannot be read.
  public func start(_ limit: Int) throws(FileError) -> [UInt8] { try read(min(limit, byteCount), at: 0) }

  /// Returns the bytes of a file as text, in which bytes that are not UTF-8 are replaced.
  ///
  /// - Throws: ``FileError`` if the file cannot be read.
  public static func text(ofFile path: String) throws(FileError) -> String {
    String(decoding: try ReadOnlyFile(path: path).contents(), as: UTF8.self)
  }

  /// Returns `count` bytes from `offset` on.
  ///
  /// - Throws: ``FileError`` if the file is shorter or cannot be read.
  public func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
    guard count >= 0, offset >= 0, count <= byteCount - offset else {
      throw FileError(.content, "\(path): expected \(count) bytes from \(offset) on, but it has \(byteCount)")
    }
    var failure: Int32?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        guard let base = buffer.baseAddress else { break }
        let got = unsafe pread(descriptor, base + filled, count - filled, off_t(offset + filled))
        if got < 0, errno == EINTR {
          continue
        }
        if got <= 0 {
          failure = got < 0 ? errno : nil
          break
        }
        filled += got
      }
    }
    if let failure {
      throw FileError(path: path, action: "read it", code: failure)
    }
    guard bytes.count == count else {
      throw FileError(.inputOutput, "\(path): became shorter while it was read")
    }
    return bytes
  }
}
