import Formats

/// A file that cannot be used.
package struct BadFile: Sendable, Equatable {
  /// Its path below the dataset's root.
  package let path: String
  /// The problem, with the file's whole path.
  package let reason: String
  /// The kind of problem.
  package let kind: FileError.Kind

  package init(path: String, reason: String, kind: FileError.Kind) {
    self.path = path
    self.reason = reason
    self.kind = kind
  }
}
