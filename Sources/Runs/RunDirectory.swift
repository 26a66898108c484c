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
      throw RunError(
        .output,
        "\(path): holds a finished run\(steps.map { step, last in " (\(step) of \(last) steps)" } ?? "")",
        remedy: (try? configuration())?.schedule.steps == nil
          ? "train on with --resume --extend-epochs N (N epochs in total), or \(others)"
          : "train on with --resume --steps N (N steps in total), or \(others)")
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

  /// Checks that a folder that a command fills is not a dataset's folder and does not lie in it.
  ///
  /// - Parameters:
  ///   - folder: The value of `--output`.
  ///   - data: The path of the dataset.
  /// - Throws: ``RunError`` naming both.
  package static func check(_ folder: String, liesOutside data: String) throws(RunError) {
    let (own, other) = (absolute(folder), absolute(data))
    guard own != other, !own.hasPrefix(other + "/") else {
      throw RunError(
        .output, "--output \(folder): is the folder of the dataset \(data), or lies in it",
        remedy: "choose another --output: what is written there would be taken for a part of the dataset")
    }
  }

  /// Checks that run directory and dataset folder do not contain each other, and that the former has only run files.
  ///
  /// - Parameters:
  ///   - data: The path of the dataset; `nil` for a built-in one.
  ///   - splitFolders: The folders of single splits, which may lie elsewhere.
  /// - Throws: ``RunError`` naming the directory and the foreign files.
  package func checkIsApart(from data: String?, _ splitFolders: [String] = []) throws(RunError) {
    let own = Self.absolute(path)
    let folders =
      (data.map { data in [("--data \(data)", data)] } ?? [])
      + splitFolders.map { folder in ("the images in \(folder)", folder) }
    for (name, folder) in folders {
      let other = Self.absolute(folder)
      guard own != other, !own.hasPrefix(other + "/"), !other.hasPrefix(own + "/") else {
        throw RunError(
          .output, "--output \(path): is the folder of \(name), or lies in it or around it",
          remedy: "choose another --output: a run's folders would be taken for classes")
      }
    }
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

  /// Returns the absolute path without symbolic links; for a path that does not exist, its nearest existing parent is
  /// resolved.
  package static func absolute(_ path: String) -> String {
    if let resolved = unsafe realpath(path, nil) {
      defer { unsafe Glibc.free(resolved) }
      return unsafe String(cString: resolved)
    }
    // The working directory itself cannot be resolved if it was removed.
    guard path != "." else { return path }
    guard let slash = path.lastIndex(of: "/") else { return absolute(".") + "/" + path }
    let name = path[path.index(after: slash)...]
    let parent = path[..<slash]
    // The parent may not exist yet; it will be a folder, not a link.
    if name == "." || name == ".." {
      let folder = absolute(String(parent))
      return name == "." ? folder : folder.parentFolder
    }
    return name.isEmpty ? absolute(String(parent)) : (parent.isEmpty ? "" : absolute(String(parent))) + "/" + name
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
    try Self.createFolders(checkpoints.path)
  }

  /// Creates a directory that ``free(command:model:dataset:)`` named, or the next one if another process has taken it.
  ///
  /// - Returns: The directory that was created, which belongs to this process.
  package func claimed() throws(RunError) -> RunDirectory {
    try Self.createFolders(path.parentFolder)
    let parts = path.split(separator: "-")
    let name = parts.dropLast().joined(separator: "-")
    var number = parts.last.flatMap { digits in Int(digits) } ?? 1
    while unsafe mkdir("\(name)-\(number)", 0o777) != 0 {
      guard errno == EEXIST else {
        throw Self.cannotBeCreated("\(name)-\(number)", errno, file: nil, option: "--output")
      }
      number += 1
    }
    return RunDirectory(path: "\(name)-\(number)")
  }

  /// Creates a folder for the result of a command after training, such as `supcon linear`.
  package func createFolder(_ name: String) throws(RunError) {
    try Self.createFolders("\(path)/\(name)")
  }

  /// Creates a folder and its parents.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - option: The option that names it, for messages.
  /// - Throws: ``RunError`` naming the folder that cannot be created.
  package static func createFolders(_ folder: String, option: String = "--output") throws(RunError) {
    for path in parents(of: folder) + [folder] {
      guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw cannotBeCreated(path, errno, file: file(in: folder), option: option)
      }
    }
    if let file = file(in: folder) { throw cannotBeCreated(folder, ENOTDIR, file: file, option: option) }
  }

  /// Checks that the directory can be created, before the dataset is read: that its nearest existing parent is a folder
  /// and writable.
  ///
  /// - Throws: ``RunError`` naming the directory.
  package func checkCanBeCreated() throws(RunError) {
    if let file = Self.file(in: path) { throw Self.cannotBeCreated(path, ENOTDIR, file: file) }
    guard unsafe access(Self.existingParent(of: path), W_OK | X_OK) == 0 else {
      throw Self.cannotBeCreated(path, errno)
    }
  }

  /// Returns the path itself if it exists, otherwise its nearest existing parent folder.
  package static func existingParent(of path: String) -> String {
    var parent = path
    while parent != "/", parent != ".", unsafe access(parent, F_OK) != 0, errno == ENOENT {
      parent = parent.parentFolder
    }
    return parent
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

  /// Returns all parent folders of a path, beginning with the topmost.
  private static func parents(of path: String) -> [String] {
    path.indices.filter { end in end > path.startIndex && path[end] == "/" }.map { end in String(path[..<end]) }
  }

  /// Returns the first component of a folder's path that is a file, as a path; `nil` if there is none.
  private static func file(in folder: String) -> String? {
    (parents(of: folder) + [folder]).first { path in
      var status = stat()
      return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }
  }

  private static func cannotBeCreated(
    _ folder: String, _ code: Int32, file: String? = nil, option: String = "--output"
  ) -> RunError {
    let isDenied = file == nil && (code == EACCES || code == EPERM)
    let reason =
      isDenied ? "no permission to write in \(existingParent(of: folder))" : unsafe String(cString: strerror(code))
    return RunError(
      RunError(FileError(creating: folder, code: code)).exitCode,
      "\(folder): cannot be created: \(reason)" + (file.map { file in " (\(file) is a file)" } ?? ""),
      remedy: (file == nil ? "" : "move away what is there, or ") + "choose another \(option)")
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
    let bytes = try file.read(file.byteCount, at: 0)
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
    guard case .text(let version)? = JSONValue.fields(ofFile: summaryPath)?["version"] else { return nil }
    func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { part in Int(part) ?? 0 } }
    return numbers(supconVersion).lexicographicallyPrecedes(numbers(version)) ? version : nil
  }
}
