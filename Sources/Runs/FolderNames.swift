import Formats
import Glibc
import Spelling

/// The names in a folder, for suggesting the one that a misspelled path means.
package enum FolderNames {
  /// Returns the path in the same folder whose name is most similar to a missing path's; `nil` if none is similar.
  package static func nearest(to path: String) -> String? {
    let plain = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let slash = plain.lastIndex(of: "/")
    let name = path.lastComponent
    let meant = all(in: path.parentFolder).filter { name in !name.hasPrefix(".") }.sorted()
      .nearest(to: name, within: (name.count + 2) / 3)
    return meant.map { meant in slash.map { slash in plain[...slash] + meant } ?? meant }
  }

  /// Returns the run that was probably meant by the path of a missing one: with another name, or in a folder of another
  /// name.
  package static func run(like path: String) -> String? {
    let inOther = nearest(to: path.parentFolder).map { folder in "\(folder)/\(path.lastComponent)" }
    return [nearest(to: path), inOther].compactMap { run in run }.first { run in RunDirectory(path: run).holdsRun }
  }

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
