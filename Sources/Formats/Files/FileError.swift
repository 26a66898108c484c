import Glibc

/// A fault in a file's contents, or in reading or writing it, in words for the user.
public struct FileError: Error, CustomStringConvertible, Equatable {
  /// The kind of fault, which decides the exit code.
  public enum Kind: Sendable {
    /// A path that does not exist.
    case missing
    /// Contents that are not as expected.
    case content
    /// An output that cannot be created where it was asked for.
    case creation
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
    self.init(path, action, code, kind: code == ENOENT || code == ENOTDIR ? .missing : .inputOutput)
  }

  /// The failure to create an output at `path`, in the system's words.
  ///
  /// A full or failing disk is a failed write; every other reason lies in the path that was chosen.
  public init(creating path: String, code: Int32) {
    self.init(path, "create it", code, kind: [ENOSPC, EDQUOT, EIO].contains(code) ? .inputOutput : .creation)
  }

  private init(_ path: String, _ action: String, _ code: Int32, kind: Kind) {
    self.kind = kind
    description =
      "\(path): cannot \(action): \(unsafe String(cString: strerror(code)))"
      + (code == EMFILE ? "; raise the limit of open files before the start: ulimit -n 1024" : "")
  }
}
