import Configuration
import Formats
import Glibc

/// The folders that commands make for what they write.
///
/// Used on rank 0 only.
package enum OutputFolder {
  /// Creates a folder and its parents.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - option: The option that names it, for messages.
  /// - Throws: ``RunError`` naming the folder that cannot be created.
  package static func create(_ folder: String, option: String = "--output") throws(RunError) {
    for path in parents(of: folder) + [folder] {
      guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw cannotBeCreated(path, errno, obstacle: obstacle(to: folder), option: option)
      }
    }
    if let obstacle = obstacle(to: folder) {
      throw cannotBeCreated(folder, ENOTDIR, obstacle: obstacle, option: option)
    }
  }

  /// Checks that a folder can be created, before the dataset is read: that its nearest existing parent is a folder and
  /// writable.
  ///
  /// - Throws: ``RunError`` naming the folder.
  static func checkCanBeCreated(_ folder: String) throws(RunError) {
    if let obstacle = obstacle(to: folder) { throw cannotBeCreated(folder, ENOTDIR, obstacle: obstacle) }
    guard unsafe access(existingParent(of: folder), W_OK | X_OK) == 0 else { throw cannotBeCreated(folder, errno) }
  }

  /// Checks that a folder that a command fills is not a dataset's folder and does not lie in it.
  ///
  /// - Parameters:
  ///   - folder: The value of `--output`.
  ///   - data: The path of the dataset.
  /// - Throws: ``RunError`` naming both.
  package static func check(_ folder: String, liesOutside data: String) throws(RunError) {
    guard folder.lies(in: data) else { return }
    throw RunError(
      .output, "--output \(folder): is the folder of the dataset \(data), or lies in it",
      remedy: "choose another --output: what is written there would be taken for a part of the dataset")
  }

  /// Returns the path itself if it exists, otherwise its nearest existing parent folder.
  package static func existingParent(of path: String) -> String {
    var parent = path
    while parent != "/", parent != ".", unsafe access(parent, F_OK) != 0, errno == ENOENT {
      parent = parent.parentFolder
    }
    return parent
  }

  /// Returns the error for a folder that cannot be created.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - code: The system's error number.
  ///   - obstacle: What is in its place or in that of a parent, as a clause; `nil` if nothing is.
  ///   - option: The option that names it.
  /// - Returns: The error.
  static func cannotBeCreated(
    _ folder: String, _ code: Int32, obstacle: String? = nil, option: String = "--output"
  ) -> RunError {
    let isDenied = obstacle == nil && (code == EACCES || code == EPERM)
    let reason =
      isDenied ? "no permission to write in \(existingParent(of: folder))" : unsafe String(cString: strerror(code))
    return RunError(
      RunError(FileError(creating: folder, code: code)).exitCode,
      "\(folder): cannot be created: \(reason)" + (obstacle.map { obstacle in " (\(obstacle))" } ?? ""),
      remedy: (obstacle == nil ? "" : "move away what is there, or ") + "choose another \(option)")
  }

  /// Returns all parent folders of a path, beginning with the topmost.
  private static func parents(of path: String) -> [String] {
    path.indices.filter { end in end > path.startIndex && path[end] == "/" }.map { end in String(path[..<end]) }
  }

  /// Returns what is in the place of a folder or of its first parent that is none, such as `runs is a file`; `nil` if
  /// nothing is.
  private static func obstacle(to folder: String) -> String? {
    for path in parents(of: folder) + [folder] {
      var status = stat()
      if unsafe stat(path, &status) == 0 {
        if status.st_mode & S_IFMT != S_IFDIR { return "\(path) is a file" }
      } else if errno == ENOENT, unsafe lstat(path, &status) == 0 {
        return "\(path) is a broken link"
      }
    }
    return nil
  }
}
