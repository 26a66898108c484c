import Configuration
import Formats
import NeuralNet

/// A training state with the configuration of its run, as a safetensors file that is independent of the number of
/// ranks.
package struct Checkpoint {
  /// The configuration of the run.
  let configuration: Configuration
  /// The training state after the step at which the checkpoint was taken.
  package let state: TrainingState

  /// Returns the prefix of tensor names of an optimizer's vector, as in `optimizer.velocity.encoder.conv1.weight`.
  private static func prefix(ofState name: String) -> String { "optimizer.\(name)." }

  /// The prefix of tensor names of the averaged weights, as in `average.encoder.conv1.weight`.
  private static let averagePrefix = "average."

  private enum Metadata {
    static let format = "supcon-checkpoint"
    static let step = "step"
    static let configuration = "recipe"
    static let measure = "best_measure"
    static let value = "best_value"
  }

  /// Writes the checkpoint under a temporary name; the state may change afterwards.
  ///
  /// - Parameters:
  ///   - path: The final path of the file.
  ///   - best: The measure for which it is the best checkpoint; `nil` for an ordinary checkpoint.
  /// - Returns: The file, to be published.
  /// - Throws: `FileError` if the file cannot be written.
  func prepare(at path: String, as best: BestCheckpoint? = nil) throws(FileError) -> AtomicFile.Prepared {
    let parameters = state.parameterLayout.tensors(of: state.parameters)
    let statistics = state.statisticsLayout.tensors(of: state.statistics)
    let optimizer = zip(state.optimizer.stateNames, state.optimizer.state).flatMap { name, vector in
      state.parameterLayout.tensors(of: vector, prefix: Self.prefix(ofState: name))
    }
    var metadata = [
      "format": Metadata.format, Metadata.step: "\(state.step)", Metadata.configuration: configuration.yaml(),
    ]
    metadata[Metadata.measure] = best?.measure
    metadata[Metadata.value] = best.map { best in "\(best.value)" }
    return try (parameters + statistics + optimizer + averageTensors).prepare(at: path, metadata: metadata)
  }

  private var averageTensors: [VectorTensor] {
    state.average.map { average in
      state.parameterLayout.tensors(of: average.parameters, prefix: Self.averagePrefix)
        + state.statisticsLayout.tensors(of: average.statistics, prefix: Self.averagePrefix)
    } ?? []
  }

  /// Reads the measure, value and step of a best checkpoint; `nil` if the file is an ordinary checkpoint, or damaged.
  static func best(path: String) -> BestCheckpoint? {
    guard let metadata = try? SafetensorsFile(path: path).metadata, let measure = metadata[Metadata.measure],
      let value = metadata[Metadata.value].flatMap(Double.init), let step = metadata[Metadata.step].flatMap({ Int($0) })
    else { return nil }
    return BestCheckpoint(measure: measure, value: value, step: step)
  }

  /// Returns true if a file is a checkpoint by its metadata.
  package static func isCheckpoint(metadata: [String: String]) -> Bool { metadata["format"] == Metadata.format }

  /// Reads and verifies a checkpoint.
  ///
  /// - Parameter path: The checkpoint's file.
  /// - Throws: `FileError` of kind `content` if the file is damaged or inconsistent with the configuration in it.
  package init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    guard Self.isCheckpoint(metadata: file.metadata), let text = file.metadata[Metadata.configuration],
      let step = file.metadata[Metadata.step].flatMap({ text in Int(text) })
    else {
      let format = file.metadata["format"] ?? ""
      throw FileError(
        .content,
        format.hasPrefix("supcon-") && format != Metadata.format
          ? "\(path): is a checkpoint of another version of supcon (\(format)); use that version"
          : "\(path): is a safetensors file, but no checkpoint of supcon")
    }
    configuration = try Configuration(yaml: text, path: path)
    let layout = try configuration.modelLayout
    var state = TrainingState(toFill: configuration, layout)
    state.parameters = try layout.parameters.vector(from: file)
    state.statistics = try layout.statistics.vector(from: file)
    state.optimizer.state = try zip(state.optimizer.stateNames, state.optimizer.formerStateNames).map {
      name, formerName in
      // Checkpoints of version 0.1 have other names.
      let isPresent = layout.parameters.slices.allSatisfy { slice in
        file.entries[Self.prefix(ofState: name) + slice.name] != nil
      }
      return try layout.parameters.vector(from: file, prefix: Self.prefix(ofState: isPresent ? name : formerName))
    }
    state.step = step
    if let average = state.average {
      state.average = EMAWeights(
        decay: average.decay, try layout.parameters.vector(from: file, prefix: Self.averagePrefix),
        try layout.statistics.vector(from: file, prefix: Self.averagePrefix), step: step)
    }
    self.state = state
  }

  package init(configuration: Configuration, state: TrainingState) {
    self.configuration = configuration
    self.state = state
  }
}

extension TrainingState {
  /// Returns the SHA-256 of all parameters and running statistics as little-endian float32, with names sorted by bytes.
  package func weightsSHA256() -> String {
    let digest = SHA256()
    for tensor in tensors.sorted(by: { first, second in
      first.name.utf8.lexicographicallyPrecedes(second.name.utf8)
    }) {
      tensor.write { bytes in digest.update(bytes) }
    }
    return SHA256.hexadecimal(digest.finalize())
  }
}
