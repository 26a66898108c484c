import Formats
import NeuralNet

extension TrainingState {
  /// What the names of the encoder's parts begin with.
  package static let encoderPrefix = "encoder."

  /// Writes the parts alone whose names begin so, without momentum or recipe.
  package func write(_ prefix: String, to path: String) throws(FileError) {
    try SafetensorsWriter.write(
      to: path, metadata: ["format": "pt"], tensors: tensors.filter { tensor in tensor.name.hasPrefix(prefix) })
  }
}
