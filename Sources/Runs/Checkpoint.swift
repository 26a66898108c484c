import Configuration
import Formats
import NeuralNet

/// A training state with the configuration of its run, as a safetensors file that is independent of the number of ranks.
package struct Checkpoint {
  /// The configuration of the run.
  let configuration: Configuration
  /// The training state after a step.
  package let state: TrainingState

  /// Returns the prefix of tensor names of an optimizer's vector, as in `optimizer.velocity.encoder.conv1.weight`.
  private static func prefix(ofState name: String) -> String { "optimizer.\(name)." }

  private enum Metadata {
    static let format = "supcon-checkpoint"
    static let step = "step"
    static let configuration = "recipe"
  }

  /// Writes the checkpoint under a temporary name; afterwards the state may change.
  func prepare(at path: String) throws(FileError) -> AtomicFile.Prepared {
    let parameters = state.parameterLayout.tensors(of: state.parameters)
    let statistics = state.statisticsLayout.tensors(of: state.statistics)
    let optimizer = zip(state.optimizer.stateNames, state.optimizer.state).flatMap { name, vector in
      state.parameterLayout.tensors(of: vector, prefix: Self.prefix(ofState: name))
    }
    return try SafetensorsWriter.prepare(
      at: path,
      metadata: [
        "format": Metadata.format, Metadata.step: "\(state.step)", Metadata.configuration: configuration.yaml(),
      ],
      tensors: parameters + statistics + optimizer)
  }

  /// Reads and verifies a checkpoint.
  ///
  /// - Parameter path: The checkpoint's file.
  /// - Throws: `FileError` of kind `content` if it is damaged or does not fit its own configuration.
  package init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    guard file.metadata["format"] == Metadata.format, let text = file.metadata[Metadata.configuration],
      let step = file.metadata[Metadata.step].flatMap({ text in Int(text) })
    else { throw FileError(.content, "\(path): is a safetensors file, but no checkpoint of supcon") }
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
    self.state = state
  }

  package init(configuration: Configuration, state: TrainingState) {
    self.configuration = configuration
    self.state = state
  }
}

extension VectorLayout {
  /// Returns the parts of a vector of this layout as named tensors.
  package func tensors(of vector: [Float], prefix: String = "") -> [NamedTensor] {
    slices.map { slice in
      NamedTensor(name: prefix + slice.name, shape: slice.shape, elements: vector[slice.range])
    }
  }

  /// Reads a vector of this layout from a file of named tensors.
  func vector(from file: SafetensorsFile, prefix: String = "") throws(FileError) -> [Float] {
    var vector: [Float] = []
    for slice in slices {
      vector += try file.floats(prefix + slice.name, shape: slice.shape)
    }
    return vector
  }
}

extension TrainingState {
  /// SHA-256 of every parameter and BatchNorm statistic as little-endian float32, names sorted bytewise.
  package func weightsSHA256() -> String {
    let digest = SHA256()
    for tensor in tensors.sorted(by: { first, second in
      first.name.utf8.lexicographicallyPrecedes(second.name.utf8)
    }) {
      unsafe digest.update(tensor.elements.span.bytes)
    }
    return SHA256.hexadecimal(digest.finalize())
  }
}
