import Foundation

/// A folder for one test, deleted with all it holds when the value goes out of scope.
public struct TemporaryDirectory: ~Copyable {
  /// The path of the folder.
  public let path: String

  /// Makes a new, empty folder.
  ///
  /// - Throws: The system's error.
  public init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in it.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of all that it holds, sorted.
  ///
  /// - Throws: The system's error.
  public func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

/// A file's bytes.
///
/// - Throws: The system's error.
public func readBytes(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Writes a file anew.
///
/// - Throws: The system's error.
public func writeBytes(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// Deletes a file.
///
/// - Throws: The system's error.
public func removeFile(_ path: String) throws {
  try FileManager.default.removeItem(atPath: path)
}

/// Makes an empty folder.
///
/// - Throws: The system's error.
public func makeFolder(_ path: String) throws {
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
}
