import Configuration
import Datasets
import Glibc
import Runs

/// The path of a dataset that a file names: a run's `config.yaml`, perhaps written in another folder or before the data were moved.
package enum DataLocation {
  /// The number of folders above a file that a relative path is looked for in.
  private static let searchedFolders = 4

  /// Returns the path of the dataset that a file names.
  ///
  /// - Parameters:
  ///   - path: The path in the file.
  ///   - origin: The file or run, in words.
  ///   - folder: The file's folder; a relative path that does not exist is looked for in it and in the folders above it,
  ///     as versions up to 0.1.0 stored paths relative to the folder that a run was started in.
  /// - Returns: The path where the dataset is.
  /// - Throws: ``RunError`` with code 66 if nothing is there.
  package static func found(_ path: String, of origin: String, folder: String) throws(RunError) -> String {
    guard DataPath.kind(path) == .missing else { return path }
    if !path.hasPrefix("/") {
      var parent = absolute(folder)
      for _ in 0..<searchedFolders where !parent.isEmpty {
        if DataPath.kind("\(parent)/\(path)") != .missing {
          return "\(parent)/\(path)"
        }
        parent = parent.lastIndex(of: "/").map { slash in String(parent[..<slash]) } ?? ""
      }
    }
    throw RunError(
      .missing, "\(path): there is no such file or folder; it is the dataset of \(origin)",
      remedy: "if the data were moved, give --data with their present place")
  }

  /// A path completed with the current folder.
  package static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe Glibc.free(folder) }
    var rest = path[...]
    while rest.hasPrefix("./") {
      rest = rest.dropFirst(2)
    }
    let parent = unsafe String(cString: folder)
    return rest == "." || rest.isEmpty ? parent : "\(parent)/\(rest)"
  }
}

extension Configuration {
  /// Returns this configuration with paths that are the same in any current folder, for `config.yaml`.
  package var withAbsolutePaths: Configuration {
    var configuration = self
    configuration.data.path = data.path.map(DataLocation.absolute)
    configuration.model.initialPath = model.initialPath.map(DataLocation.absolute)
    return configuration
  }

  /// Finds the dataset of a run, in whose `config.yaml` this configuration was.
  package mutating func locateData(ofRun run: String) throws(RunError) {
    guard let path = data.path else { return }
    data.path = try DataLocation.found(path, of: "the run in \(run)", folder: run)
  }
}
