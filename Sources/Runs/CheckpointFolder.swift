import Configuration
import Formats
import Glibc
import NeuralNet

/// The checkpoints of a run: `step-00001234.safetensors` and the link `latest`.
///
/// Used by rank 0 alone.
package struct CheckpointFolder {
  let path: String

  private static let prefix = "step-"
  private static let suffix = ".safetensors"

  /// The paths of the finished checkpoints, newest first.
  func checkpoints() -> [String] {
    names().filter { name in name.hasPrefix(Self.prefix) && name.hasSuffix(Self.suffix) }
      .sorted(by: >)
      .map { name in "\(path)/\(name)" }
  }

  /// The newest checkpoint that is whole, and what is wrong with those before it.
  ///
  /// - Parameters:
  ///   - warn: Receives a sentence for each damaged checkpoint.
  ///   - read: Reads a checkpoint.
  /// - Returns: `nil` if no checkpoint was ever completed.
  /// - Throws: ``RunError`` if there are checkpoints and all are damaged.
  func newest<Content>(warn: (String) -> Void, _ read: (_ path: String) throws -> Content) throws -> Content? {
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
      "\(path): all \(paths.count) checkpoints are damaged; restore one from a backup, or start anew with another --output. \(reasons[0])"
    )
  }

  /// The newest whole checkpoint of the run that a recipe describes.
  ///
  /// - Parameters:
  ///   - configuration: What the run's configuration says.
  ///   - warn: Receives a sentence for each damaged checkpoint.
  /// - Returns: `nil` if no checkpoint was ever completed.
  /// - Throws: ``RunError`` if there are checkpoints and all are damaged, or if the newest is another run's.
  package func newest(of configuration: Configuration, warn: (String) -> Void) throws -> Checkpoint? {
    let checkpoint = try newest(warn: warn) { path in try Checkpoint(path: path) }
    if let checkpoint, let (option, own, other) = checkpoint.configuration.conflict(with: configuration) {
      throw RunError(
        .configuration,
        "\(path): the newest checkpoint is of a run with --\(option) \(own), but its config.yaml says \(other); put back the run's own checkpoints"
      )
    }
    return checkpoint
  }

  /// Writes a checkpoint, points `latest` to it, and removes the oldest beyond `keep`.
  ///
  /// Checkpoints of later steps are removed too: they are the damaged ones behind which this run was continued.
  package func save(_ checkpoint: Checkpoint, keep: Int) throws(FileError) {
    let digits = String(checkpoint.state.step)
    let name = Self.prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + Self.suffix
    try checkpoint.write(to: "\(path)/\(name)")
    link(to: name)
    let saved = "\(path)/\(name)"
    let (later, others) = checkpoints().reduce(into: ([String](), [String]())) { parts, other in
      other > saved ? parts.0.append(other) : parts.1.append(other)
    }
    for superfluous in later + others.dropFirst(keep) {
      unsafe unlink(superfluous)
    }
  }

  /// Removes what a killed save left.
  ///
  /// Only the holder of the run's lock may.
  package func removeLeftovers() {
    for name in names() where name.hasSuffix(AtomicFile.temporarySuffix) {
      unsafe unlink("\(path)/\(name)")
    }
  }

  /// Points `latest` to a checkpoint: a convenience for users, which the program never reads, so a file system without links is no error.
  private func link(to name: String) {
    let temporary = "\(path)/latest\(AtomicFile.temporarySuffix)"
    unsafe unlink(temporary)
    guard unsafe symlink(name, temporary) == 0 else {
      // A link of an earlier file system would point to an older checkpoint.
      unsafe unlink("\(path)/latest")
      return
    }
    unsafe rename(temporary, "\(path)/latest")
  }

  private func names() -> [String] {
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
