import Glibc

/// Something wrong with a file's bytes, or with reading or writing it, in words for its user.
public struct FileError: Error, CustomStringConvertible, Equatable {
  /// What kind of wrong, for the exit code.
  public enum Kind: Sendable {
    /// A path that is not there.
    case missing
    /// Content that is not what it should be.
    case content
    /// A read or write that failed.
    case inputOutput
  }

  /// What kind.
  public let kind: Kind

  /// What, where, what was expected, what to do.
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
