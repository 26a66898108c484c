import Configuration
import Formats
import Glibc
import NeuralNet

/// The checkpoints of a run: `step-00001234.safetensors`, the link `latest`, and `best` if the run keeps the best one.
///
/// Used on rank 0 only.
package struct CheckpointFolder {
  let path: String

  private static let prefix = "step-"
  private static let suffix = ".safetensors"

  /// Lists the paths of the completed checkpoints, newest first.
  ///
  /// A file of another name, such as a copy that a user keeps there, is neither read nor removed.
  func checkpoints() -> [String] {
    FolderNames.all(in: path).filter { name in Self.step(ofFile: name) != nil }.sorted(by: >)
      .map { name in "\(path)/\(name)" }
  }

  /// Returns the step of a file with a name such as `step-00001234.safetensors`; `nil` for any other name.
  static func step(ofFile path: String) -> Int? {
    let name = path.lastComponent
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.allSatisfy { digit in digit.isASCII && digit.isNumber } ? Int(digits) : nil
  }

  /// The numbers of steps of the completed checkpoints, ascending.
  package var steps: [Int] { checkpoints().compactMap(Self.step).sorted() }

  /// Reads the newest undamaged checkpoint.
  ///
  /// - Parameters:
  ///   - warn: Receives a sentence about each damaged checkpoint.
  ///   - read: Reads the checkpoint at a path.
  /// - Returns: The result of `read`; `nil` if no checkpoint was ever completed.
  /// - Throws: ``RunError`` if there are checkpoints and all are damaged.
  func newest<Content>(warn: (String) -> Void, _ read: (_ path: String) throws -> Content) throws -> Content? {
    if unsafe access(path, R_OK | X_OK) != 0, errno == EACCES {
      throw FileError(path: path, action: "list it", code: EACCES)
    }
    let paths = checkpoints()
    var reasons: [String] = []
    for checkpointPath in paths {
      do {
        return try read(checkpointPath)
      } catch let error as FileError where error.kind == .content {
        reasons.append(error.description)
        warn(error.description)
      }
    }
    guard !paths.isEmpty else { return nil }
    throw RunError(
      .data,
      "\(path): all \(paths.count) checkpoints are damaged, the newest: \(reasons[0])",
      remedy: "restore one from a backup, or start anew with another --output"
    )
  }

  /// Reads the newest undamaged checkpoint of a run.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - warn: Receives a sentence about each damaged checkpoint.
  /// - Returns: The checkpoint; `nil` if no checkpoint was ever completed.
  /// - Throws: ``RunError`` if all existing checkpoints are damaged, or if the newest belongs to another run.
  package func newest(of configuration: Configuration, warn: (String) -> Void) throws -> Checkpoint? {
    try newest(warn: warn) { path in try Checkpoint(path: path) }.map { checkpoint in
      try matching(checkpoint, configuration)
    }
  }

  /// Returns a checkpoint after checking that it is of a run with a configuration.
  ///
  /// - Throws: ``RunError`` naming the first option that differs.
  func matching(_ checkpoint: Checkpoint, _ configuration: Configuration) throws(RunError) -> Checkpoint {
    var saved = checkpoint.configuration.extended(like: configuration)
    if let path = saved.model.initialPath, !path.hasPrefix("/"),
      configuration.model.initialPath?.lastComponent == path.lastComponent
    {
      // Checkpoints of earlier versions have the path of --init as it was given; config.yaml has the absolute one.
      saved.model.initialPath = configuration.model.initialPath
    }
    if let (option, own, other) = saved.conflict(with: configuration) {
      throw RunError(
        .configuration,
        "\(path): the checkpoint of step \(checkpoint.state.step) is of a run with --\(option) \(own ?? "nothing"), but its config.yaml says \(other ?? "nothing")",
        remedy: "put back the run's own checkpoints"
      )
    }
    return checkpoint
  }

  /// Writes a checkpoint atomically, points `latest` to it, and removes old checkpoints beyond `keep`.
  package func save(_ checkpoint: Checkpoint, keep: Int) throws(FileError) {
    try complete(try prepare(checkpoint), keep: keep)
  }

  /// A checkpoint whose contents are written under a temporary name.
  package struct Prepared: Sendable {
    fileprivate let file: AtomicFile.Prepared
    fileprivate let name: String
  }

  /// Writes a checkpoint under a temporary name; the state may change afterwards.
  package func prepare(_ checkpoint: Checkpoint) throws(FileError) -> Prepared {
    let name = Self.prefix + String(checkpoint.state.step, width: 8) + Self.suffix
    return Prepared(file: try checkpoint.prepare(at: "\(path)/\(name)"), name: name)
  }

  /// Renames a checkpoint to its final name, points `latest` to it, and removes the oldest checkpoints beyond `keep`.
  ///
  /// Checkpoints of later steps are also removed: they are damaged ones that this run skipped when it was resumed.
  package func complete(_ checkpoint: Prepared, keep: Int) throws(FileError) {
    let name = checkpoint.name
    try checkpoint.file.publish()
    link(to: name)
    let saved = "\(path)/\(name)"
    let (later, others) = checkpoints().reduce(into: ([String](), [String]())) { parts, other in
      other > saved ? parts.0.append(other) : parts.1.append(other)
    }
    for superfluous in later + others.dropFirst(keep) {
      unsafe unlink(superfluous)
    }
  }

  /// The path of the best checkpoint.
  var bestPath: String { "\(path)/best" }

  /// Writes the best checkpoint under a temporary name; it replaces the previous one when it is published.
  ///
  /// The measure is stored in the same file, so that a kill at any time leaves a consistent file, either the previous
  /// or the new one.
  package func prepare(_ checkpoint: Checkpoint, as best: BestCheckpoint) throws(FileError) -> AtomicFile.Prepared {
    try checkpoint.prepare(at: bestPath, as: best)
  }

  /// Replaces the best checkpoint atomically.
  package func save(_ checkpoint: Checkpoint, as best: BestCheckpoint) throws(FileError) {
    try prepare(checkpoint, as: best).publish()
  }

  /// Reads the measure, value and step of the best checkpoint; `nil` if there is none, or if it is damaged.
  package func best() -> BestCheckpoint? { Checkpoint.best(path: bestPath) }

  /// Removes temporary files that a killed process has left.
  ///
  /// The caller must hold the run's lock.
  package func removeLeftovers() {
    for name in FolderNames.all(in: path) where name.hasSuffix(AtomicFile.temporarySuffix) {
      unsafe unlink("\(path)/\(name)")
    }
  }

  /// Points `latest` to a checkpoint for the user's convenience; omitted on file systems without links.
  private func link(to name: String) {
    let temporary = "\(path)/latest\(AtomicFile.temporarySuffix)"
    unsafe unlink(temporary)
    guard unsafe symlink(name, temporary) == 0 else {
      // A link to an older checkpoint would be misleading.
      unsafe unlink("\(path)/latest")
      return
    }
    unsafe rename(temporary, "\(path)/latest")
  }
}
