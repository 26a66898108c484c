import Formats
import NeuralNet

extension TrainingState {
  /// The prefix of the encoder's tensor names.
  package static let encoderPrefix = "encoder."

  /// Writes the tensors whose names have a prefix to a file, without optimizer state and configuration.
  ///
  /// - Parameters:
  ///   - prefix: The prefix of the names.
  ///   - path: The path of the file.
  ///   - metadata: Further metadata, such as the preprocessing of images.
  /// - Throws: `FileError` if the file cannot be written.
  package func write(_ prefix: String, to path: String, metadata: [String: String]) throws(FileError) {
    let tensors = tensors.filter { tensor in tensor.name.hasPrefix(prefix) }
    try tensors.prepare(at: path, metadata: metadata.merging(["format": "pt"]) { _, own in own }).publish()
  }
}
