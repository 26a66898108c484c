import Formats

/// An image file that cannot be read or decoded.
package struct BadFile: Sendable, Equatable {
  /// The file's path relative to the dataset's root.
  package let path: String
  /// The error message, which contains the file's full path.
  package let reason: String
  /// The kind of problem, which determines the exit code.
  package let kind: FileError.Kind

  package init(path: String, reason: String, kind: FileError.Kind) {
    self.path = path
    self.reason = reason
    self.kind = kind
  }
}
