import Glibc

/// A fault in a file's contents, or in reading or writing it, in words for the user.
public struct FileError: Error, CustomStringConvertible, Equatable {
  /// The kind of fault, which decides the exit code.
  public enum Kind: Sendable {
    /// A path that does not exist.
    case missing
    /// Contents that are not as expected.
    case content
    /// A read or write that failed.
    case inputOutput
  }

  /// The kind of fault.
  public let kind: Kind

  /// The path, the expected, the found, and the remedy.
  public let description: String

  /// An error in the given words.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// The failure of a system call on `path`, in the system's words.
  public init(path: String, action: String, code: Int32) {
    kind = code == ENOENT || code == ENOTDIR ? .missing : .inputOutput
    description = "\(path): cannot \(action): \(unsafe String(cString: strerror(code)))"
  }
}
