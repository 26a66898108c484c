import Configuration
import Formats
import Glibc

extension RunDirectory {
  /// Checks that the path is a run directory.
  ///
  /// - Throws: ``RunError`` with code 66 that suggests a run: the one that contains the given file, or those in the
  ///   given folder; with code 74 if the path must not be read.
  package func checkHoldsRun() throws(RunError) {
    guard !holdsRun else { return }
    try checkIsReadable()
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      let step = CheckpointFolder.step(ofFile: path)
      throw RunError(
        .missing, "\(path): is a file, not a run directory",
        remedy: runAbove.map { run in
          "give \(run)" + (step.map { step in " with --checkpoint \(step)" } ?? "")
        } ?? Self.usualRemedy)
    }
    guard unsafe access(path, F_OK) == 0 else {
      throw RunError(
        .missing, "\(path): does not exist",
        remedy: FolderNames.nearest(to: path).map { meant in "did you mean '\(meant)'?" } ?? Self.usualRemedy)
    }
    let runs = FolderNames.all(in: path).filter { name in
      !name.hasPrefix(".") && RunDirectory(path: "\(path)/\(name)").holdsRun
    }.sorted()
    throw RunError(
      .missing, "\(path): holds no run (there is no config.yaml)",
      remedy: runs.isEmpty
        ? runAbove.map { run in "give \(run)" } ?? Self.usualRemedy
        : "give one of the runs in it: \(runs.prefix(5).map { name in "\(path)/\(name)" }.joined(separator: ", "))\(runs.count > 5 ? ", …" : "")"
    )
  }

  /// Checks that the path can be looked into, so that a run in it would be found.
  ///
  /// - Throws: ``RunError`` with code 74 and the system's reason if not; a path that does not exist is no error.
  package func checkIsReadable() throws(RunError) {
    guard unsafe access(configurationPath, F_OK) != 0, errno != ENOENT, errno != ENOTDIR else { return }
    throw RunError(.inputOutput, "\(path): cannot be read: \(unsafe String(cString: strerror(errno)))")
  }

  /// Returns the newest unfinished run of a command that no process is training, for `--resume` without a folder.
  ///
  /// - Parameters:
  ///   - command: The command.
  ///   - includesFinished: True to include finished runs, so that their training can be extended.
  ///   - folder: The folder of the run directories.
  /// - Returns: The directory, and the number of other runs that meet the conditions.
  /// - Throws: ``RunError`` with code 66 if there is none.
  package static func newest(
    of command: TrainingCommand, includesFinished: Bool, in folder: String = "runs"
  ) throws(RunError) -> (directory: RunDirectory, others: Int) {
    let all = FolderNames.all(in: folder).filter { name in !name.hasPrefix(".") }.map { name in
      RunDirectory(path: "\(folder)/\(name)")
    }.filter { run in (try? run.configuration())?.command == command && !run.isImported }
    let idle = all.filter { run in RunLock.holder(ofDirectory: run.path) == nil }
    let found = idle.filter { run in
      run.status != .diverged && (includesFinished || run.status != .finished)
    }.sorted { one, other in
      (one.lastChange, one.path) > (other.lastChange, other.path)
    }
    guard let newest = found.first else {
      let rest = [
        (all.count - idle.count, "in training"), (count(of: .diverged, idle), "stopped with NaN"),
        (includesFinished ? 0 : count(of: .finished, idle), "finished"),
      ].filter { count, _ in count > 0 }.map { count, state in "\(count) \(state)" }
      throw RunError(
        .missing,
        "--resume: there is no \(includesFinished ? "" : "unfinished ")run of supcon \(command.rawValue) under \(folder)"
          + (rest.isEmpty ? "" : " (\(rest.joined(separator: ", ")))"),
        remedy: "give --output with the folder of the run to continue")
    }
    return (newest, found.count - 1)
  }

  private static func count(of status: RunStatus, _ runs: [RunDirectory]) -> Int {
    runs.count { run in run.status == status }
  }

  /// True if the directory holds weights of `supcon import`, which were not trained here.
  package var isImported: Bool { JSONValue.fields(ofFile: summaryPath)?["command"] == .text("import") }

  /// The state of the run in its `summary.json`; `nil` before the first checkpoint.
  package var status: RunStatus? {
    JSONValue.fields(ofFile: summaryPath).flatMap(RunStatus.init(ofSummary:))
  }

  /// The time at which training last wrote to the run, in seconds since 1970.
  private var lastChange: Double {
    [configurationPath, checkpoints.path, metricsPath].compactMap { path in
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    }.max() ?? 0
  }

  private static let usualRemedy = "give the --output of supcon pretrain or supervised"

  /// The nearest parent folder that is a run directory; `nil` if there is none, or if the path does not exist.
  private var runAbove: String? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    var parent = path
    for _ in 0..<3 {
      parent = parent.parentFolder
      if RunDirectory(path: parent).holdsRun {
        return parent
      }
    }
    return nil
  }
}
