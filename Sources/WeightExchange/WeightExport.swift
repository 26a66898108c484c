import Configuration
import Formats
import Imaging
import Job
import MPI
import NeuralNet
import Runs

/// The export of a run's encoder for other programs.
package enum WeightExport {
  /// The formats of exported files.
  package enum Format: String, Sendable, CaseIterable {
    /// Only the weights (safetensors), with the tensor names of a naming scheme.
    case safetensors
    /// The network's graph with its weights (ONNX).
    case onnx
  }

  /// The range of pixel values of the images that an ONNX model expects.
  package enum ONNXInput: String, Sendable, CaseIterable {
    /// Values from 0 to 1, minus the mean, divided by the standard deviation; the model does not normalize.
    case normalized
    /// Values from 0 to 1; the model normalizes them.
    case unit
    /// Values from 0 to 255, as float32; the model normalizes them.
    case levels

    /// The largest pixel value before normalization.
    var full: Float { self == .levels ? 255 : 1 }

    /// The description of the images in messages.
    var title: String {
      switch self {
      case .normalized: "normalized images"
      case .unit: "images from 0 to 1"
      case .levels: "images from 0 to 255"
      }
    }
  }

  /// The options of `supcon export`.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// The path of the exported file.
    package var output: String
    /// The format of the exported file.
    package var format = Format.safetensors
    /// The range of pixel values of the images that an ONNX model expects.
    package var input = ONNXInput.normalized
    /// The naming scheme of the tensors in a safetensors file; `nil` for torchvision's.
    package var layout: WeightLayout?
    /// The part of the model to export; `nil` for the default of format and naming scheme.
    package var part: WeightLayout.Part?
    /// True to include the classifier: that of the run's linear probe, or else the one trained with the encoder.
    ///
    /// `nil` includes it if it exists and the naming scheme supports it.
    package var hasClassifier: Bool?

    /// Returns the part of a run's model that is exported; of a run without a projection head it is the encoder, unless
    /// another part was asked for.
    package func exportedPart(of configuration: Configuration) -> WeightLayout.Part {
      if let part { return part }
      guard format == .safetensors, configuration.hasProjectionHead else { return .encoder }
      return layout?.usualPart ?? .encoder
    }

    /// Returns the reason why a safetensors file cannot have a run's model, in the layout that was asked for or else in
    /// the usual one of the encoder; `nil` if it can.
    package func problem(ofModel configuration: Configuration) -> String? {
      let encoder = configuration.architecture
      let resolved = layout ?? .usual(for: encoder)
      if let problem = resolved.problem(encoder, isGiven: layout != nil) { return problem }
      return exportedPart(of: configuration) == .model ? resolved.headProblem(configuration, isGiven: part != nil) : nil
    }

    /// Creates a request with default options for a run directory.
    package init(run: String, output: String) {
      self.run = run
      self.output = output
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      if format == .safetensors, output.hasSuffix(".onnx") {
        return "--output \(output): the format is safetensors; give --format onnx, or a name that ends in .safetensors"
      }
      if let ending = [".pt", ".pth", ".pkl"].first(where: output.hasSuffix) {
        return
          "--output \(output): files of torch.save (\(ending)) are not written; give a name that ends in .safetensors, which PyTorch reads with safetensors.torch.load_file"
      }
      if format == .onnx, output.hasSuffix(".safetensors") {
        return "--output \(output): the format is onnx; give --format safetensors, or a name that ends in .onnx"
      }
      if format == .safetensors, input != .normalized {
        return
          "--onnx-input \(input.rawValue): safetensors hold no operations; give --format onnx, or leave the option out"
      }
      if layout == .supcontrast, format == .safetensors, hasClassifier == true {
        return
          "--classifier: models of --layout supcontrast have no place for one, as the official code keeps it in a file of its own; leave it out, or choose --layout torchvision or --format onnx"
      }
      guard format == .onnx, let layout else { return nil }
      return "--layout \(layout.rawValue): an ONNX file needs no names of others; leave the option out"
    }
  }

  /// Writes the file on rank 0.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if the naming scheme does not support the run's model, or naming a file that cannot
  ///   be read or written.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: nil, needsData: false,
      over: world, report: report)
    encoder.noteProgress(report)
    if let problem = encoder.configuration.problem(ofPart: request.exportedPart(of: encoder.configuration)) {
      throw CollectiveError(error: RunError(.usage, problem))
    }
    world.activity.begin("writing the weights", allowsSilence: true)
    try world.onRoot {
      switch request.format {
      case .safetensors: try writeSafetensors(request, encoder, report)
      case .onnx: try writeONNX(request, encoder, report)
      }
    }
  }

  // MARK: - Formats

  private static func writeSafetensors(_ request: Request, _ encoder: FrozenEncoder, _ report: Reporter) throws {
    let (configuration, state) = (encoder.configuration, encoder.state)
    let layout = request.layout ?? .usual(for: configuration.architecture)
    let part = request.exportedPart(of: configuration)
    if let problem = request.problem(ofModel: configuration) { throw RunError(.usage, problem) }
    var classifier: ExportedClassifier?
    let isSameModel = configuration.model.normalizeEncoder == layout.isNormalizingRepresentations
    if layout != .supcontrast, request.hasClassifier ?? isSameModel {
      classifier = try ExportedClassifier(request, encoder, report)
      guard isSameModel else {
        throw RunError(
          .usage,
          "--classifier: models of --layout \(layout.rawValue) \(layout.isNormalizingRepresentations ? "scale" : "do not scale") representations to unit length, for which the classifier was not trained",
          remedy: "leave it out, or choose another --layout or --format onnx")
      }
    }
    let preprocessing = ImagePreprocessing(configuration, run: request.run, classifier)
    var metadata = preprocessing?.metadata ?? [:]
    metadata[WeightLayout.normalizationMetadata] = "\(configuration.model.normalizeEncoder)"
    try write(to: request.output, state, layout, part, classifier, metadata: metadata)
    report(
      "\(request.output): \(configuration.model.name) after step \(state.step) in the layout \(layout.rawValue). To load it in Python:"
    )
    let file = WrittenWeights(
      path: request.output, encoder: configuration.architecture,
      head: part == .model ? configuration.headArchitecture : nil, classCount: classifier?.classCount)
    for line in layout.loadingLines(file) {
      report("  \(line)")
    }
    preprocessing.map { preprocessing in report(preprocessing.inputText(.normalized)) }
    if !isSameModel {
      report.note(
        "the run was trained \(configuration.model.normalizeEncoder ? "with" : "without") --normalize-encoder, and models of this layout \(configuration.model.normalizeEncoder ? "do not scale" : "scale") representations to unit length: \(configuration.model.normalizeEncoder ? "scale what they give" : "use the features before the model's normalization, or cifar_resnet.load, which leaves it out")"
      )
    }
  }

  private static func write(
    to path: String, _ state: TrainingState, _ layout: WeightLayout, _ part: WeightLayout.Part,
    _ classifier: ExportedClassifier?, metadata: [String: String]
  ) throws(FileError) {
    let slices = state.tensors.filter { tensor in WeightLayout.isSlice(tensor.name, of: part) }
    let tensors =
      slices.map { tensor in
        tensor.copy(named: layout.name(of: tensor.name, part))
      } + (classifier?.tensors(layout.classifierName) ?? [])
    // Tensors of wider elements come first, as in the reference implementation, so that all are aligned.
    let counters = tensors.compactMap { tensor in WeightLayout.counter(besides: tensor.name) }
    let descriptions =
      counters.map { name in TensorDescription(name: name, type: .int64, shape: []) }
      + tensors.map { tensor in TensorDescription(name: tensor.name, type: .float32, shape: tensor.shape) }
    try SafetensorsWriter.write(
      to: path, metadata: metadata.merging(["format": "pt"]) { _, format in format }, tensors: descriptions,
      hasChecksum: false
    ) { (append) throws(FileError) in
      let steps = Array(repeating: Int64(state.step), count: counters.count)
      unsafe try append(steps.span.bytes)
      for tensor in tensors {
        unsafe try append(tensor.elements.span.bytes)
      }
    }
  }

  private static func writeONNX(_ request: Request, _ encoder: FrozenEncoder, _ report: Reporter) throws {
    let (configuration, state) = (encoder.configuration, encoder.state)
    let classifier = request.hasClassifier ?? true ? try ExportedClassifier(request, encoder, report) : nil
    let preprocessing = ImagePreprocessing(configuration, run: request.run, classifier)
    if request.input != .normalized, preprocessing == nil {
      throw ImagePreprocessing.missing(
        in: request.run, remedy: "leave --onnx-input out, or train again to have them")
    }
    let normalization = request.input == .normalized ? nil : preprocessing?.normalization.scaled(to: request.input.full)
    var model = ONNXModel(
      configuration, state, request.exportedPart(of: configuration), classifier, normalization: normalization)
    model.metadata = preprocessing?.metadata ?? [:]
    model.metadata["input"] = request.input.rawValue
    try model.write(to: request.output)
    let outputs = model.outputs.map(\.name).joined(separator: ", ")
    report(
      "\(request.output): \(configuration.model.name) after step \(state.step) as ONNX, \(request.input.title) [N, 3, height, width] → \(outputs)"
    )
    preprocessing.map { preprocessing in report(preprocessing.inputText(request.input)) }
  }
}

extension ChannelNormalization {
  /// Returns the mean and deviation multiplied by `full`, for images with values from 0 to `full`.
  fileprivate func scaled(to full: Float) -> ChannelNormalization {
    ChannelNormalization(
      mean: mean.map { value in value * full }, standardDeviation: standardDeviation.map { value in value * full })
  }
}

extension ExportedClassifier {
  /// Reads the classifier to export; `nil` if there is none and none was asked for.
  fileprivate init?(
    _ request: WeightExport.Request, _ encoder: FrozenEncoder, _ report: Reporter
  ) throws {
    if let classifier = try ExportedClassifier(of: encoder, run: request.run, report: report) {
      self = classifier
    } else if request.hasClassifier == true {
      let command = ClassifierFile.trainingCommand(
        run: request.run, checkpoint: encoder.isLatest ? nil : request.checkpoint, weights: encoder.weights)
      throw RunError(
        .missing, "--classifier: \(request.run) has no classifier of this encoder",
        remedy: "train one with \(command), or leave the option out")
    } else {
      return nil
    }
  }
}

extension ImagePreprocessing {
  /// Creates the preprocessing of an exported model; the classes are those of its classifier.
  fileprivate init?(_ configuration: Configuration, run: String, _ classifier: ExportedClassifier?) {
    guard var preprocessing = ImagePreprocessing(configuration, run: run) else { return nil }
    if let names = classifier?.classNames, !names.isEmpty { preprocessing.classNames = names }
    self = preprocessing
  }
}
