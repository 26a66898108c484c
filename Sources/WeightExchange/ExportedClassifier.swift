import Configuration
import Formats
import Glibc
import Runs

/// A linear classifier on representations: from a run's linear probe, with the standardization folded into its weights,
/// or trained together with the encoder.
///
/// For the representation r: W (r − mean) · factor + b = (W · factor) r + (b − (W · factor) · mean).
package struct ExportedClassifier {
  /// The weight, `[classes, width]`.
  package let weight: [Float]
  /// The bias, `[classes]`.
  package let bias: [Float]

  package var classCount: Int { bias.count }

  /// Reads the classifier of a run; `nil` if there is none for this encoder.
  ///
  /// - Parameters:
  ///   - path: The run directory.
  ///   - encoderWeights: The weights of the encoder: those after the step, or their moving average.
  ///   - step: The step whose encoder is used.
  ///   - width: The number of features of a representation.
  ///   - report: Receives a line if there is a classifier, but for another encoder.
  /// - Throws: `FileError` if the classifier's file is damaged.
  package init?(
    run path: String, weights encoderWeights: RunWeights, step: Int, width: Int, report: Reporter
  ) throws(FileError) {
    let file = "\(path)/\(ClassifierFile.path(of: encoderWeights))"
    guard unsafe access(file, F_OK) == 0 else { return nil }
    let weights = try SafetensorsFile(path: file)
    let metadata = ClassifierFile.stepMetadata
    guard weights.metadata[metadata] == "\(step)" else {
      report.note(
        "\(file): belongs to the encoder of step \(weights.metadata[metadata] ?? "?") and is not used for that of step \(step); run supcon linear again"
      )
      return nil
    }
    guard let classes = weights.entries["\(Configuration.classifierName).bias"]?.shape.first else {
      throw FileError(
        .content, "\(file): holds no tensor \(Configuration.classifierName).bias; run supcon linear again")
    }
    let ownWeight = try weights.floats("\(Configuration.classifierName).weight", shape: [classes, width])
    let ownBias = try weights.floats("\(Configuration.classifierName).bias", shape: [classes])
    let mean = try weights.floats(ClassifierFile.meanName, shape: [width])
    let factor = try weights.floats(ClassifierFile.factorName, shape: [width])
    weight = ownWeight.indices.map { index in ownWeight[index] * factor[index % width] }
    bias = (0..<classes).map { row in
      let shift = (0..<width).reduce(0.0) { sum, column in
        sum + Double(ownWeight[row * width + column]) * Double(factor[column]) * Double(mean[column])
      }
      return Float(Double(ownBias[row]) - shift)
    }
  }

  /// Creates the classifier that was trained together with the encoder, from a training state.
  package init(of state: TrainingState) {
    func elements(_ kind: String) -> [Float] {
      state.tensors.first { tensor in tensor.name == "\(Configuration.classifierName).\(kind)" }.map { tensor in
        Array(tensor.copy().elements)
      } ?? []
    }
    (weight, bias) = (elements("weight"), elements("bias"))
  }

  /// Returns weight and bias as tensors whose names begin with `name`.
  package func tensors(_ name: String) -> [NamedTensor] {
    [
      NamedTensor(name: "\(name).weight", shape: [classCount, weight.count / classCount], elements: weight[...]),
      NamedTensor(name: "\(name).bias", shape: [classCount], elements: bias[...]),
    ]
  }
}
