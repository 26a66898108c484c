import Glibc

/// A problem with a file's contents, or a failure to read or write it, described for the user.
public struct FileError: Error, CustomStringConvertible, Equatable {
  /// The kind of problem, which determines the exit code.
  public enum Kind: Sendable {
    /// A path that does not exist.
    case missing
    /// A file whose contents are not as expected.
    case content
    /// An output that cannot be created at the given path.
    case creation
    /// A read or write that failed.
    case inputOutput
  }

  /// The kind of problem.
  public let kind: Kind

  /// The message: path, expected and actual contents, and the remedy.
  public let description: String

  /// Creates an error with the given message.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Creates an error for a failed system call on `path`, with the system's message for the error code.
  public init(path: String, action: String, code: Int32) {
    self.init(path, action, code, kind: code == ENOENT || code == ENOTDIR ? .missing : .inputOutput)
  }

  /// Creates the error for an output that cannot be created at `path`, with the system's message for the error number
  /// `code`.
  ///
  /// The kind is `inputOutput` for a full or failing disk, else `creation`, because the path is at fault.
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
