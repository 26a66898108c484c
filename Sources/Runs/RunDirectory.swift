import Configuration
import Formats
import Glibc

/// The directory of one run, with the paths of its files.
///
/// Used on rank 0 only.
package struct RunDirectory {
  package let path: String

  /// Creates a value for the directory at `path`, which need not exist.
  package init(path: String) {
    self.path = path
  }

  package var configurationPath: String { "\(path)/config.yaml" }
  package var summaryPath: String { "\(path)/summary.json" }
  package var metricsPath: String { "\(path)/metrics.jsonl" }
  package var epochTablePath: String { "\(path)/summary.csv" }
  package var encoderPath: String { encoderPath(of: .raw) }
  package func encoderPath(of weights: RunWeights) -> String { "\(path)/encoder\(weights.suffix).safetensors" }
  package func classifierPath(of weights: RunWeights) -> String { "\(path)/classifier\(weights.suffix).safetensors" }
  package var checkpoints: CheckpointFolder { CheckpointFolder(path: "\(path)/checkpoints") }

  /// True if a run was started in the directory; checkpoints suffice, even if the configuration was lost.
  package var holdsRun: Bool { unsafe access(configurationPath, F_OK) == 0 || !checkpoints.checkpoints().isEmpty }

  /// Checks that no run was started in the directory.
  package func checkIsFree() throws(RunError) {
    guard holdsRun else { return }
    let others = "choose another --output"
    if let holder = RunLock.holder(ofDirectory: path) {
      throw RunError(.output, "\(path): is being trained by \(holder)", remedy: others)
    }
    let fields = JSONValue.fields(ofFile: summaryPath) ?? [:]
    func number(_ name: String) -> Int? {
      if case .integer(let value)? = fields[name] { value } else { nil }
    }
    let steps = number("steps").flatMap { step in number("target_steps").map { last in (step, last) } }
    switch RunStatus(ofSummary: fields) {
    case .finished:
      // More steps are left for a run that --steps ended before its last epoch.
      let epochs = fields["epochs"]?.double.flatMap { done in
        fields["target_epochs"]?.double.map { all in (done, all) }
      }
      let hasStepsLeft = epochs.map { done, all in done < all } ?? ((try? configuration())?.schedule.steps != nil)
      throw RunError(
        .output,
        "\(path): holds a finished run\(steps.map { step, last in " (\(step) of \(last) steps)" } ?? "")",
        remedy: hasStepsLeft
          ? "train on with --resume --steps N (N steps in total), or \(others)"
          : "train on with --resume --extend-epochs N (N epochs in total), or \(others)")
    case .diverged:
      throw RunError(
        .output,
        "\(path): holds a run that stopped\(number("diverged_step").map { step in " at step \(step)" } ?? "") with NaN",
        remedy: others)
    default:
      throw RunError(
        .output,
        "\(path): holds a run\(steps.map { step, last in " (\(step) of \(last) steps)" } ?? "")",
        remedy: "continue it with --resume, or \(others)")
    }
  }

  /// Checks that run directory and dataset folder do not contain each other, and that the former has only run files.
  ///
  /// - Parameters:
  ///   - data: The path of the dataset; `nil` for a built-in one.
  ///   - splitFolders: The folders of single splits, which may lie elsewhere.
  /// - Throws: ``RunError`` naming the directory and the foreign files.
  package func checkIsApart(from data: String?, _ splitFolders: [String] = []) throws(RunError) {
    let folders =
      (data.map { data in [("--data \(data)", data)] } ?? [])
      + splitFolders.map { folder in ("the images in \(folder)", folder) }
    for (name, folder) in folders {
      guard !path.lies(in: folder), !folder.lies(in: path) else {
        throw RunError(
          .output, "--output \(path): is the folder of \(name), or lies in it or around it",
          remedy: "choose another --output: a run's folders would be taken for classes")
      }
    }
    let own = path.resolvedPath
    if Self.resultFolders.contains(where: own.lastComponent.hasPrefix), RunDirectory(path: own.parentFolder).holdsRun {
      throw RunError(
        .output, "--output \(path): is a folder for results of the run in \(own.parentFolder)",
        remedy: "choose another --output")
    }
    let foreign = FolderNames.all(in: path).filter { name in
      !name.hasPrefix(".") && !name.hasSuffix(AtomicFile.temporarySuffix) && !Self.ownNames.contains(name)
    }.sorted()
    guard foreign.isEmpty else {
      throw RunError(
        .output, "--output \(path): holds other files (\(foreign.prefix(3).joined(separator: ", ")))",
        remedy: "choose a new or an empty folder")
    }
  }

  /// The names of files and folders that training and later commands write, which may remain from an incomplete run.
  private static let ownNames: Set<String> = [
    "checkpoints", "tensorboard", "summary.json", "summary.csv", "metrics.jsonl", "encoder.safetensors",
    "classifier.safetensors", "linear", "evaluation", "encoder-average.safetensors", "classifier-average.safetensors",
    "linear-average", "evaluation-average", "report.html",
  ]

  /// The beginnings of the names of folders in a run directory that training and later commands fill.
  private static let resultFolders = ["linear", "evaluation", "transfer", "checkpoints", "tensorboard"]

  /// Returns the run directory whose own file exists at an absolute path, such as its `summary.json` or a checkpoint;
  /// `nil` for other files, and for `report.html`, which is made again at any time.
  package static func owner(ofFile path: String) -> String? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let (folder, name) = (path.parentFolder, path.lastComponent)
    if name == "config.yaml" || (ownNames.contains(name) && name != "report.html"),
      RunDirectory(path: folder).holdsRun
    {
      return folder
    }
    let run = folder.parentFolder
    return resultFolders.contains(where: folder.lastComponent.hasPrefix) && RunDirectory(path: run).holdsRun
      ? run : nil
  }

  /// Returns the first unused directory of the form `runs/COMMAND-MODEL-DATASET-N`.
  package static func free(command: String, model: String, dataset: String) -> RunDirectory {
    var number = 1
    while unsafe access("runs/\(command)-\(model)-\(dataset)-\(number)", F_OK) == 0 {
      number += 1
    }
    return RunDirectory(path: "runs/\(command)-\(model)-\(dataset)-\(number)")
  }

  /// Creates the directory, its parents and the folder of checkpoints.
  package func create() throws(RunError) {
    try OutputFolder.create(checkpoints.path)
  }

  /// Creates a directory that ``free(command:model:dataset:)`` named, or the next one if another process has taken it.
  ///
  /// - Returns: The directory that was created, which belongs to this process.
  package func claimed() throws(RunError) -> RunDirectory {
    try OutputFolder.create(path.parentFolder)
    let parts = path.split(separator: "-")
    let name = parts.dropLast().joined(separator: "-")
    var number = parts.last.flatMap { digits in Int(digits) } ?? 1
    while unsafe mkdir("\(name)-\(number)", 0o777) != 0 {
      guard errno == EEXIST else {
        throw OutputFolder.cannotBeCreated("\(name)-\(number)", errno)
      }
      number += 1
    }
    return RunDirectory(path: "\(name)-\(number)")
  }

  /// Creates a folder for the result of a command after training, such as `supcon linear`.
  package func createFolder(_ name: String) throws(RunError) {
    try OutputFolder.create("\(path)/\(name)")
  }

  /// Checks that the directory can be created, before the dataset is read.
  ///
  /// - Throws: ``RunError`` naming the directory.
  package func checkCanBeCreated() throws(RunError) {
    try OutputFolder.checkCanBeCreated(path)
  }

  /// Creates the folder for the result of a command after training, and checks that files can be written, before the
  /// result is computed.
  ///
  /// - Throws: ``RunError`` naming the path.
  package func prepareResult(in folder: String) throws(RunError) {
    let remedy = "the result is stored in the run directory: make it writable, or copy the run to a place that is"
    guard unsafe access(path, W_OK) == 0 else {
      throw RunError(
        .output, "\(path): cannot be written to: \(unsafe String(cString: strerror(errno)))", remedy: remedy)
    }
    try createFolder(folder)
    do throws(FileError) {
      try AtomicFile.check("\(path)/\(folder)/summary.json")
      // The accuracies are also written to the run's own summary.
      try AtomicFile.check(summaryPath)
    } catch {
      throw RunError(RunError(error).exitCode, error.description, remedy: remedy)
    }
  }

  /// Reads the configuration of the run from `config.yaml`.
  ///
  /// - Throws: ``RunError`` or `FileError` naming the file and line; the version that made the run, if it is newer.
  package func configuration() throws -> Configuration {
    let file: ReadOnlyFile
    do throws(FileError) {
      file = try ReadOnlyFile(path: configurationPath)
    } catch {
      guard error.kind == .missing else { throw error }
      throw FileError(error.kind, "\(error); put the run's own file back, or begin a new run with another --output")
    }
    let bytes = try file.contents()
    do {
      return try Configuration(yaml: String(decoding: bytes, as: UTF8.self), path: configurationPath)
    } catch {
      throw newerVersion.map { version in
        RunError(
          .configuration, "\(path): was made by supcon \(version), this is \(supconVersion): \(error)",
          remedy: "use that version or a later one")
      } ?? error
    }
  }

  /// The version in `summary.json`, if it is newer than this program's; else `nil`.
  private var newerVersion: String? {
    guard let version = JSONValue.fields(ofFile: summaryPath)?["version"]?.string else { return nil }
    func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { part in Int(part) ?? 0 } }
    return numbers(supconVersion).lexicographicallyPrecedes(numbers(version)) ? version : nil
  }
}
