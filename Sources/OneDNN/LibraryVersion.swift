import COneDNN

/// A version of oneDNN.
public struct LibraryVersion: Sendable, Comparable, CustomStringConvertible {
  /// The first number, which changes with the interface.
  public var major: Int
  /// The second number: a library with a higher one still has all functions of those before it.
  public var minor: Int
  /// The third number.
  public var patch: Int

  /// Creates a version.
  public init(major: Int, minor: Int, patch: Int) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
  }

  /// The library that this process has loaded; `nil` if it does not tell its version.
  public static var loaded: LibraryVersion? {
    guard let version = unsafe dnnl_version() else { return nil }
    return unsafe LibraryVersion(
      major: Int(version.pointee.major), minor: Int(version.pointee.minor), patch: Int(version.pointee.patch))
  }

  /// The headers that the program was compiled with.
  public static let compiled = LibraryVersion(
    major: Int(DNNL_VERSION_MAJOR), minor: Int(DNNL_VERSION_MINOR), patch: Int(DNNL_VERSION_PATCH))

  /// The three numbers with periods, such as `2.6.3`.
  public var description: String { "\(major).\(minor).\(patch)" }

  /// Returns true if `first` is the lower version.
  public static func < (first: LibraryVersion, second: LibraryVersion) -> Bool {
    (first.major, first.minor, first.patch) < (second.major, second.minor, second.patch)
  }
}

/// The version of the oneDNN library that this process has loaded, such as `2.6.3`.
public var oneDNNVersion: String { LibraryVersion.loaded.map { version in "\(version)" } ?? "unknown" }
