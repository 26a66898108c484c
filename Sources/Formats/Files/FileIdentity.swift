import Glibc

/// The device and inode number of a file or folder on its host, the same for all paths to it.
public struct FileIdentity: Hashable, Codable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// Reads the identity of the file at a path; `nil` if it cannot be examined.
  public init?(path: String) { self.init(pathBytes: Array(path.utf8)) }

  /// Reads the identity of the file at a path that need not be UTF-8; `nil` if it cannot be examined.
  public init?(pathBytes: [UInt8]) {
    var status = stat()
    guard unsafe stat(pathBytes.map(CChar.init(bitPattern:)) + [0], &status) == 0 else { return nil }
    self.init(status)
  }

  /// Takes the identity from a file's status.
  public init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
