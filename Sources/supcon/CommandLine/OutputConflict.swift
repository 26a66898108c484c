import Configuration
import Formats
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
    let places = values.map(RunDirectory.absolute)
    for output in outputs {
      let own = RunDirectory.absolute(output.path)
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
    let images = outputs.filter { output in output.format == .png }.map { output in (output.option, output.path) }
    return inDataset(images + folders, words: words, values: values)
  }

  /// Returns the error for images, or folders of them, that would lie in a dataset and be taken for a part of it.
  private static func inDataset(
    _ outputs: [(option: String, path: String)], words: [String], values: [String]
  ) -> RunError? {
    guard !outputs.isEmpty else { return nil }
    let given = zip(words, words.dropFirst()).filter { option, _ in option == "--data" }.map { _, path in path }
    let ofRuns = values.filter { value in RunDirectory(path: value).holdsRun }.compactMap { run in
      (try? RunDirectory(path: run).configuration())?.data.path
    }
    for root in Set((given + ofRuns).map(RunDirectory.absolute)) {
      if let (option, path) = outputs.first(where: { _, path in RunDirectory.absolute(path).hasPrefix(root + "/") }) {
        return RunError(
          .output, "\(option) \(path): lies in the dataset's folder \(root), where it would be taken for a part of it",
          remedy: "choose a path elsewhere")
      }
    }
    return nil
  }
}
