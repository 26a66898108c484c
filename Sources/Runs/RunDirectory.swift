import Configuration
import Formats
import Glibc

/// The folder of one run.
///
/// Only rank 0 touches it.
package struct RunDirectory {
  package let path: String

  /// The folder at `path`, which need not exist.
  package init(path: String) {
    self.path = path
  }

  package var configurationPath: String { "\(path)/config.yaml" }
  package var summaryPath: String { "\(path)/summary.json" }
  package var metricsPath: String { "\(path)/metrics.jsonl" }
  package var epochTablePath: String { "\(path)/summary.csv" }
  package var encoderPath: String { "\(path)/encoder.safetensors" }
  package var classifierPath: String { "\(path)/classifier.safetensors" }
  package var checkpoints: CheckpointFolder { CheckpointFolder(path: "\(path)/checkpoints") }

  /// Whether a run was ever begun here: checkpoints count even if the configuration was lost.
  package var holdsRun: Bool { unsafe access(configurationPath, F_OK) == 0 || !checkpoints.checkpoints().isEmpty }

  /// Checks that no run was ever begun here.
  package func checkIsFree() throws(RunError) {
    guard !holdsRun else {
      throw RunError(.output, "\(path): holds a run; continue it with --resume, or choose another --output")
    }
  }

  /// The first free `runs/COMMAND-MODEL-DATASET-N`.
  package static func free(command: String, model: String, dataset: String) -> RunDirectory {
    var number = 1
    while unsafe access("runs/\(command)-\(model)-\(dataset)-\(number)", F_OK) == 0 {
      number += 1
    }
    return RunDirectory(path: "runs/\(command)-\(model)-\(dataset)-\(number)")
  }

  /// Makes the folder and its parents.
  package func create() throws(RunError) {
    try Self.create(checkpoints.path)
  }

  /// Makes the folder of a later stage.
  package func createFolder(_ name: String) throws(RunError) {
    try Self.create("\(path)/\(name)")
  }

  private static func create(_ folder: String) throws(RunError) {
    for end in folder.indices where end > folder.startIndex && folder[end] == "/" {
      try createIfMissing(String(folder[..<end]))
    }
    try createIfMissing(folder)
    var status = stat()
    if unsafe stat(folder, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      throw cannotBeCreated(folder, ENOTDIR)
    }
  }

  private static func createIfMissing(_ folder: String) throws(RunError) {
    guard unsafe mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw cannotBeCreated(folder, errno) }
  }

  private static func cannotBeCreated(_ folder: String, _ code: Int32) -> RunError {
    let reason = unsafe String(cString: strerror(code))
    return RunError(
      .output, "\(folder): cannot be created: \(reason); move away what stands there, or choose another --output")
  }

  /// The configuration of the run that stands here.
  package func configuration() throws -> Configuration {
    let file: ReadOnlyFile
    do throws(FileError) {
      file = try ReadOnlyFile(path: configurationPath)
    } catch {
      throw FileError(error.kind, "\(error); put the run's own file back, or begin a new run with another --output")
    }
    let bytes = try file.read(file.byteCount, at: 0)
    return try Configuration(yaml: String(decoding: bytes, as: UTF8.self), path: configurationPath)
  }
}
