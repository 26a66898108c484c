/// Something wrong with a file's bytes or with reading or writing it, in words for its user.
public struct FormatError: Error, CustomStringConvertible, Equatable {
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

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
