import Glibc

/// A function that lists the names in a folder.
enum FolderNames {
  /// Returns the names in a folder in no particular order, including `.` and `..`; empty if the folder cannot be
  /// listed.
  static func all(in path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      names.append(
        unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
          unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { name in unsafe String(cString: name) }
        })
    }
    return names
  }
}
