import Configuration
import Formats
import Glibc
import Job
import NeuralNet
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
  /// The names of the classes that the file of a linear probe holds; empty if there are none.
  package let classNames: [String]

  /// The number of classes.
  package var classCount: Int { bias.count }

  /// Reads the classifier of a run for an encoder: that of the linear probe, or else the one trained along with the
  /// encoder; `nil` if there is neither.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - run: The run directory.
  ///   - place: The place of results on the data that are classified; `nil` if no data were opened.
  ///   - report: Receives a line if the classifier of another folder than the run's `linear` is used, or if there is
  ///     one, but for another encoder.
  /// - Throws: `FileError` if the classifier's file is damaged.
  package init?(
    of encoder: FrozenEncoder, run: String, place: ResultPlace? = nil, report: Reporter
  ) throws(FileError) {
    if let probe = try Self(
      run: run, folders: Self.folders(of: encoder, place, in: RunDirectory(path: run)), step: encoder.state.step,
      width: encoder.configuration.architecture.representationWidth, report: report)
    {
      self = probe
    } else if encoder.configuration.isClassifying {
      self.init(of: encoder.state)
    } else {
      return nil
    }
  }

  /// Returns the folders of a run directory in which its linear classifier may lie, the best first.
  private static func folders(of encoder: FrozenEncoder, _ place: ResultPlace?, in run: RunDirectory) -> [String] {
    let (weights, step) = (encoder.weights, encoder.state.step)
    let own = ClassifierFile.folders(of: weights, step: step)
    if let place { return place.classifierFolders(in: run) + own }
    return encoder.configuration.isClassifying ? own : ClassifierFile.folders(of: weights, step: step, in: run)
  }

  /// Reads the linear classifier of a run; `nil` if there is none for this encoder.
  ///
  /// - Parameters:
  ///   - path: The run directory.
  ///   - folders: The folders of the run directory in which it may lie, the best first.
  ///   - step: The step whose encoder is used.
  ///   - width: The number of features of a representation.
  ///   - report: Receives a line if the classifier of another folder than the run's `linear` is used, or if there is
  ///     one, but for another encoder.
  /// - Throws: `FileError` if the classifier's file is damaged.
  private init?(
    run path: String, folders: [String], step: Int, width: Int, report: Reporter
  ) throws(FileError) {
    var others: [String] = []
    for folder in folders {
      let file = "\(path)/\(folder)/\(ClassifierFile.name)"
      guard unsafe access(file, F_OK) == 0 else { continue }
      let weights = try SafetensorsFile(path: file)
      let trained = weights.metadata[ClassifierFile.stepMetadata]
      guard trained == "\(step)" else {
        others.append(
          "\(file): belongs to the encoder of step \(trained ?? "?") and is not used for that of step \(step)")
        continue
      }
      if folder.hasPrefix("\(ClassifierFile.folder)-") { report("classifier: \(file)") }
      try self.init(weights, file, width: width)
      return
    }
    if let other = others.first { report.note("\(other); run supcon linear again") }
    return nil
  }

  private init(_ weights: SafetensorsFile, _ file: String, width: Int) throws(FileError) {
    classNames = ImagePreprocessing.classNames(ofMetadata: weights.metadata) ?? []
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
    (weight, bias, classNames) = (elements("weight"), elements("bias"), [])
  }

  /// Returns weight and bias as tensors whose names begin with `name`.
  package func tensors(_ name: String) -> [NamedTensor] {
    [
      NamedTensor(name: "\(name).weight", shape: [classCount, weight.count / classCount], elements: weight[...]),
      NamedTensor(name: "\(name).bias", shape: [classCount], elements: bias[...]),
    ]
  }
}
