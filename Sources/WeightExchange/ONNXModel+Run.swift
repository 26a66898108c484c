import Configuration
import Formats
import Imaging
import NeuralNet
import Runs

extension ONNXModel {
  /// Creates a run's model in evaluation mode: images `[N, 3, height, width]` → representations, and optional outputs.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - state: The training state with the weights.
  ///   - part: The part of the model; with `model`, embeddings are an output too.
  ///   - classifier: The classifier that outputs logits; `nil` for none.
  ///   - normalization: The mean and deviation that the first operators apply; `nil` if images are already normalized.
  package init(
    _ configuration: Configuration, _ state: TrainingState, _ part: WeightLayout.Part,
    _ classifier: ExportedClassifier?, normalization: ChannelNormalization? = nil
  ) {
    let batch = Extent.symbolic("N")
    self.init(
      name: configuration.model.name, producer: ("supcon", supconVersion),
      inputs: [Value("images", [batch, .fixed(3), .symbolic("height"), .symbolic("width")])])
    let graph = InferenceGraph(
      configuration.architecture, configuration.headArchitecture,
      isNormalizingRepresentations: configuration.model.normalizeEncoder)
    let lastValue = part == .model ? graph.embeddings : graph.representations
    var names = [normalization.map { normalization in normalized("images", normalization) } ?? "images"]
    for (index, step) in graph.steps.prefix(lastValue).enumerated() {
      let name =
        switch index + 1 {
        case graph.embeddings: "embeddings"
        case graph.representations: "representations"
        default: "value\(index + 1)"
        }
      add(step.operation, step.inputs.map { input in names[input] }, output: name)
      names.append(name)
    }
    outputs.append(Value("representations", [batch, .fixed(configuration.architecture.representationWidth)]))
    if part == .model {
      outputs.append(Value("embeddings", [batch, .fixed(configuration.widthOfEmbeddings)]))
    }
    let tensors = state.tensors.filter { tensor in WeightLayout.isSlice(tensor.name, of: part) }
    weights += tensors.map { tensor in tensor.copy() }
    if let classifier {
      add(.linear(name: Configuration.classifierName, hasBias: true), ["representations"], output: "logits")
      outputs.append(Value("logits", [batch, .fixed(classifier.classCount)]))
      weights += classifier.tensors(Configuration.classifierName)
    }
  }

  /// Appends an operation of the graph as one or two standard ONNX operators.
  private mutating func add(_ operation: InferenceGraph.Operation, _ values: [String], output: String) {
    func square(_ number: Int) -> Attribute { .integers([number, number]) }
    func around(_ padding: Int) -> Attribute { .integers([padding, padding, padding, padding]) }
    switch operation {
    case .convolution(let name, let kernel, let stride):
      add(
        "Conv", values + ["\(name).weight"], output,
        [("kernel_shape", square(kernel)), ("strides", square(stride)), ("pads", around(kernel / 2))])
    case .normalization(let name):
      let tensors = ["weight", "bias", "running_mean", "running_var"].map { kind in "\(name).\(kind)" }
      add("BatchNormalization", values + tensors, output, [("epsilon", .number(InferenceGraph.epsilon))])
    case .relu: add("Relu", values, output)
    case .sum: add("Add", values, output)
    case .maximum(let kernel, let stride):
      add(
        "MaxPool", values, output,
        [("kernel_shape", square(kernel)), ("strides", square(stride)), ("pads", around(kernel / 2))])
    case .zeroPadding(let stride, let before, let behind):
      // Height and width are axes 2 and 3.
      let slice = [
        ("begins", [0, 0]), ("ends", [Int64.max, .max]), ("axes", [2, 3]), ("steps", [Int64(stride), Int64(stride)]),
      ]
      let kept = "\(output).kept"
      add("Slice", values + slice.map { name, numbers in constant("\(output).\(name)", numbers) }, kept)
      let pads = constant("\(output).pads", [0, Int64(before), 0, 0, 0, Int64(behind), 0, 0])
      add("Pad", [kept, pads], output)
    case .mean:
      add("GlobalAveragePool", values, "\(output).mean")
      add("Flatten", ["\(output).mean"], output, [("axis", .integer(1))])
    case .linear(let name, let hasBias):
      let tensors = ["\(name).weight"] + (hasBias ? ["\(name).bias"] : [])
      add("Gemm", values + tensors, output, [("transB", .integer(1))])
    case .unitLength:
      add("LpNormalization", values, output, [("axis", .integer(1)), ("p", .integer(2))])
    }
  }

  /// Appends (x − mean) / deviation of each channel and returns the name of the result.
  private mutating func normalized(_ images: String, _ normalization: ChannelNormalization) -> String {
    let (mean, deviation, centered, result) = ("input.mean", "input.std", "input.centered", "input.normalized")
    weights = [(mean, normalization.mean), (deviation, normalization.standardDeviation)].map { name, values in
      NamedTensor(name: name, shape: [1, 3, 1, 1], elements: values[...])
    }
    add("Sub", [images, mean], centered)
    add("Div", [centered, deviation], result)
    return result
  }

  private mutating func add(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [(name: String, value: Attribute)] = []
  ) {
    nodes.append(Node(operation, inputs, output: output, attributes))
  }

  /// Adds an integer vector as a constant, and returns its name.
  private mutating func constant(_ name: String, _ values: [Int64]) -> String {
    constants.append((name: name, values: values))
    return name
  }
}
