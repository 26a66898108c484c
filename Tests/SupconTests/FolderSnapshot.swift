import Foundation

/// The contents of a folder, to detect changes.
struct FolderSnapshot: Equatable {
  /// Files by their path in the folder, links with their destination.
  ///
  /// Lock files are left out: they describe processes, not runs.
  private let contents: [String: Data]

  init(_ folder: String) throws {
    var contents: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) where !name.hasSuffix(".lock") {
      let path = "\(folder)/\(name)"
      if let destination = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
        contents[name] = Data(destination.utf8)
      } else {
        // A folder has no contents of its own.
        contents[name] = FileManager.default.contents(atPath: path) ?? Data()
      }
    }
    self.contents = contents
  }

  /// The names whose contents differ, for a failing test's message.
  func changes(since earlier: FolderSnapshot) -> [String] {
    Set(contents.keys).union(earlier.contents.keys).filter { name in contents[name] != earlier.contents[name] }.sorted()
  }
}
