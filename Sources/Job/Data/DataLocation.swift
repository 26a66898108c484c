import Configuration
import Datasets
import Formats
import Runs

/// The search for a dataset whose recorded path may be outdated, such as in the `config.yaml` of a run from elsewhere.
package enum DataLocation {
  /// The number of parent folders that are searched for a relative path.
  private static let searchedFolders = 4

  /// Returns the current path of a dataset that a file refers to.
  ///
  /// - Parameters:
  ///   - path: The path in the file.
  ///   - origin: The description of the file or run, for error messages.
  ///   - folder: The file's folder. A relative path that does not exist is searched for in this folder and its parents,
  ///     because versions up to 0.1.0 stored paths relative to the folder in which a run was started.
  /// - Returns: The path at which the dataset exists.
  /// - Throws: ``RunError`` with exit code 66 if it is not found.
  package static func found(_ path: String, of origin: String, folder: String) throws(RunError) -> String {
    guard DataPath.kind(path) == .missing else { return path }
    if !path.hasPrefix("/") {
      var parent = folder.absolutePath
      for _ in 0..<searchedFolders where parent != "/" {
        if DataPath.kind("\(parent)/\(path)") != .missing {
          return "\(parent)/\(path)"
        }
        parent = parent.parentFolder
      }
    }
    throw RunError(
      .missing, "\(path): there is no such file or folder; it is the dataset of \(origin)",
      remedy: "if the data were moved, give --data with their present place")
  }

  /// Returns the error for a path of `--data` that does not exist, with a suggestion; `nil` if it exists.
  package static func problem(_ path: String) -> RunError? {
    guard DataPath.kind(path) == .missing else { return nil }
    return misspelling(path)
      ?? RunError(.missing, "--data \(path): there is no such folder", remedy: "check the path")
  }

  /// Returns the error for a missing path, suggesting a path beside it with a similar name; `nil` if there is none.
  package static func misspelling(_ path: String) -> RunError? {
    guard DataPath.kind(path) == .missing, let meant = FolderNames.nearest(to: path) else { return nil }
    return RunError(.missing, "--data \(path): there is no such folder", remedy: "did you mean '\(meant)'?")
  }
}

extension Configuration {
  /// Returns this configuration with absolute paths, for `config.yaml`.
  package var withAbsolutePaths: Configuration {
    var configuration = self
    configuration.data.path = data.path.map(\.absolutePath)
    configuration.model.initialPath = model.initialPath.map(\.absolutePath)
    configuration.classifier.teacherPath = classifier.teacherPath.map(\.absolutePath)
    return configuration
  }

  /// Replaces the path of a run's dataset, read from the run's `config.yaml`, by the path at which it exists.
  package mutating func locateData(ofRun run: String) throws(RunError) {
    guard let path = data.path else { return }
    data.path = try DataLocation.found(path, of: "the run in \(run)", folder: run)
  }

  /// The name of the dataset in that of a folder with results on it, such as `cifar100` or `flowers`.
  package var nameOfData: String {
    let last = data.path?.split(separator: "/").last { part in part != "." && part != ".." }
    let name = last.map(String.init) ?? data.dataset.rawValue
    // Words that other folders of results end in.
    let isTaken = ["average", "validation", "step", "pixels"].contains { word in
      name == word || name.hasPrefix("\(word)-")
    }
    return isTaken ? "data-\(name)" : name
  }
}
