import Formats
import NeuralNet

extension TrainingState {
  /// The prefix of the encoder's tensor names.
  package static let encoderPrefix = "encoder."

  /// Writes the tensors whose names have a prefix to a file, without optimizer state and configuration.
  package func write(_ prefix: String, to path: String) throws(FileError) {
    let tensors = tensors.filter { tensor in tensor.name.hasPrefix(prefix) }
    try tensors.prepare(at: path, metadata: ["format": "pt"]).publish()
  }
}
