import Formats
import FoundationEssentials
import Glibc

/// The folder of one run.
///
/// Only rank 0 touches it.
struct RunDirectory {
  let path: String

  var configurationPath: String { "\(path)/config.yaml" }
  var summaryPath: String { "\(path)/summary.json" }
  var metricsPath: String { "\(path)/metrics.jsonl" }
  var encoderPath: String { "\(path)/encoder.safetensors" }
  var checkpoints: CheckpointFolder { CheckpointFolder(path: "\(path)/checkpoints") }

  /// Whether a run was ever begun here.
  var holdsRun: Bool { unsafe access(configurationPath, F_OK) == 0 }

  /// The first free `runs/COMMAND-MODEL-DATASET-N`.
  static func free(command: String, model: String, dataset: String) -> RunDirectory {
    var number = 1
    while unsafe access("runs/\(command)-\(model)-\(dataset)-\(number)", F_OK) == 0 {
      number += 1
    }
    return RunDirectory(path: "runs/\(command)-\(model)-\(dataset)-\(number)")
  }

  /// Makes the folder and its parents.
  func create() throws(RunError) {
    for folder in [path, checkpoints.path] {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw RunError(.output, "\(folder): cannot be created; choose another --output (\(reason(error)))")
      }
    }
  }

  /// The configuration of the run that stands here.
  func recipe() throws -> Recipe {
    let file = try ReadOnlyFile(path: configurationPath)
    let bytes = try file.read(file.byteCount, at: 0)
    return try Recipe(yaml: String(decoding: bytes, as: UTF8.self), path: configurationPath)
  }

  private func reason(_ error: any Error) -> String {
    (error as? CocoaError).map { error in error.localizedDescription } ?? "\(error)"
  }
}
