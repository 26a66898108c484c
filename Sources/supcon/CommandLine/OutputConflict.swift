import Configuration
import Datasets
import Formats
import FoundationEssentials
import Glibc
import Runs

/// A search for outputs that would overwrite an input of the same command, another output or a file of a run.
enum OutputConflict {
  /// Finds the first such output.
  ///
  /// - Parameters:
  ///   - outputs: The files that the command will write.
  ///   - folders: The folders that it will write to, and their options.
  ///   - arguments: The arguments of the command line; any of them may name an input.
  /// - Returns: The error that names it; `nil` if there is none.
  static func problem(
    _ outputs: [OutputFile], folders: [(option: String, path: String)], arguments: [String]
  ) -> RunError? {
    let words = arguments.flatMap { argument in
      argument.hasPrefix("-") ? argument.split(separator: "=", maxSplits: 1).map(String.init) : [argument]
    }
    let values = words.filter { word in !word.isEmpty && !word.hasPrefix("-") }
    let places = values.map(\.resolvedPath)
    for output in outputs {
      let own = output.path.resolvedPath
      // The argument that gives the output itself counts once.
      guard places.count(where: { place in place == own }) <= (values.contains(output.path) ? 1 : 0) else {
        return RunError(
          .usage, "\(output.option) \(output.path): is named twice in this command, and would be overwritten",
          remedy: "give each output a path of its own")
      }
      if let run = RunDirectory.owner(ofFile: own) {
        return RunError(
          .output, "\(output.option) \(output.path): is a file of the run in \(run)",
          remedy: "choose another \(output.option)")
      }
    }
    let isOfRun = ["export", "report"].contains(arguments.first)
    let others = outputs.filter { output in output.format == .png || isOfRun }.map { output in
      (output.option, output.path)
    }
    return inDataset(others + folders, words: words, values: values)
  }

  /// Returns the error for images, folders of them, exports or reports that would lie in a dataset.
  private static func inDataset(
    _ outputs: [(option: String, path: String)], words: [String], values: [String]
  ) -> RunError? {
    guard !outputs.isEmpty else { return nil }
    let given = zip(words, words.dropFirst()).filter { option, _ in option == "--data" }.map { _, path in path }
    let ofRuns = values.filter { value in RunDirectory(path: value).holdsRun }.compactMap { run in
      (try? RunDirectory(path: run).configuration())?.data.path
    }
    let described = outputs.flatMap { _, path in Self.describedFolders(above: path) }
    for root in Set((given + ofRuns).map(\.resolvedPath) + described) {
      if let (option, path) = outputs.first(where: { _, path in path.lies(in: root) }) {
        return RunError(
          .output, "\(option) \(path): lies in the dataset's folder \(root), and might be taken for a part of it",
          remedy: "choose a path elsewhere")
      }
    }
    return nil
  }

  /// Returns the folders above a path that a run has described as a dataset of class folders.
  private static func describedFolders(above path: String) -> [String] {
    var (folder, found) = (path.resolvedPath, [String]())
    while folder != "/", folder != "." {
      folder = folder.parentFolder
      guard unsafe access("\(folder)/\(FolderScan.descriptionFile)", F_OK) == 0 else { continue }
      // The folder of a list may hold anything else beside it.
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      if !names.contains(where: { name in DataPath.isList("\(folder)/\(name)") }) { found.append(folder) }
    }
    return found
  }
}
