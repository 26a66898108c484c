import Configuration
import Formats
import FoundationEssentials
import NeuralNet

/// The weights with which a new run's encoder begins, read from another run or from a file.
///
/// Used on rank 0 only.
package struct InitialEncoder {
  private let parameters: [String: [Float]]
  private let statistics: [String: [Float]]

  /// Reads the encoder that a configuration names; `nil` if it names none.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the new run.
  ///   - report: Receives a line about each damaged checkpoint that is skipped.
  /// - Throws: ``RunError`` or `FileError` naming the path and the mismatch.
  package init?(of configuration: Configuration, report: Reporter) throws {
    guard let path = configuration.model.initialPath else { return nil }
    let layout = try configuration.modelLayout
    let file =
      try Self.directory(path).map { directory in try Self.newestCheckpoint(of: directory, report) }
      ?? Self.file(path)
    func values(_ layout: VectorLayout) throws -> [String: [Float]] {
      try Dictionary(
        uniqueKeysWithValues: layout.slices.filter(\.isOfEncoder).map { slice in
          (slice.name, try file.floats(slice.name, shape: slice.shape))
        })
    }
    do {
      parameters = try values(layout.parameters)
      statistics = try values(layout.statistics)
      // Without this check, a shallower encoder would find all its tensors in the file of a deeper one.
      let further = file.entries.keys.filter { name in
        name.hasPrefix(TrainingState.encoderPrefix) && parameters[name] == nil && statistics[name] == nil
      }
      if let name = further.min() {
        throw FileError(.content, "\(file.path): holds \(name) too")
      }
    } catch let error as FileError where error.kind == .content {
      throw RunError(
        .data,
        "\(error): it is not the encoder of --model \(configuration.model.name)\(configuration.encoderOptions)",
        remedy: "give the options that it was trained with"
      )
    }
  }

  /// Replaces the encoder's weights in a training state.
  package func replace(_ state: inout TrainingState) {
    for slice in state.parameterLayout.slices {
      parameters[slice.name].map { values in state.parameters.replace(slice.range, with: values) }
    }
    for slice in state.statisticsLayout.slices {
      statistics[slice.name].map { values in state.statistics.replace(slice.range, with: values) }
    }
    state.restartAverage()
  }

  /// Reads the configuration of the run whose encoder is used; `nil` if the encoder does not come from a run.
  ///
  /// - Throws: ``RunError`` if the path does not exist or is a folder without a run.
  package static func configuration(of configuration: Configuration) throws -> Configuration? {
    try configuration.model.initialPath.flatMap { path in try directory(path)?.configuration() }
  }

  /// Opens a file of weights.
  private static func file(_ path: String) throws -> SafetensorsFile {
    do throws(FileError) {
      return try SafetensorsFile(path: path)
    } catch {
      guard error.kind == .content, let other = try? SafetensorsFile(path: path, needsChecksum: false),
        other.entries[SafetensorsChecksum.name] == nil
      else { throw error }
      throw RunError(
        .data, "--init \(path): holds weights that another program wrote, or an export for one",
        remedy: "import them with supcon import --weights \(path.shellQuoted), and give the imported run to --init")
    }
  }

  /// Returns the run directory at a path; `nil` if the path is a file.
  private static func directory(_ path: String) throws(RunError) -> RunDirectory? {
    var isFolder = false
    try RunDirectory(path: path).checkIsReadable()
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw RunError(.missing, "\(path): does not exist", remedy: "give a run directory or an encoder.safetensors")
    }
    guard isFolder else { return nil }
    let directory = RunDirectory(path: path)
    guard directory.holdsRun else {
      throw RunError(
        .missing,
        "\(path): holds no run (there is no config.yaml)",
        remedy: "give the --output of supcon pretrain or supervised, or an encoder.safetensors"
      )
    }
    return directory
  }

  /// Opens the newest undamaged checkpoint of a run.
  private static func newestCheckpoint(
    of directory: RunDirectory, _ report: Reporter
  ) throws -> SafetensorsFile {
    let file = try directory.checkpoints.newest { damage in
      report.warn("\(damage); using the checkpoint before it")
    } _: { path in
      try SafetensorsFile(path: path)
    }
    guard let file else {
      throw RunError(.missing, "\(directory.path): holds no checkpoint yet", remedy: "continue it with --resume")
    }
    return file
  }
}

extension VectorSlice {
  fileprivate var isOfEncoder: Bool { name.hasPrefix(TrainingState.encoderPrefix) }
}

extension Configuration {
  /// The options that determine the encoder's shapes, except `--model`, as text for the command line.
  fileprivate var encoderOptions: String {
    " --stem \(model.stemText)" + (model.shortcut.map { kind in " --shortcut \(kind.rawValue)" } ?? "")
      + (model.widthMultiplier == 1 ? "" : " --width-multiplier \(plain(model.widthMultiplier))")
  }
}
