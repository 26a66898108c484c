/// A network in the ONNX format (Open Neural Network Exchange), with float32 inputs and outputs.
public struct ONNXModel: Sendable {
  /// A node of the graph: one application of a standard ONNX operator.
  public struct Node: Sendable {
    /// The name of the operator, for example `Conv`.
    public let operation: String
    /// The names of the inputs, which are graph inputs, weights, or outputs of other nodes.
    public let inputs: [String]
    /// The name of the node's output.
    public let output: String
    /// The operator's attributes.
    public let attributes: [(name: String, value: Attribute)]

    /// Creates a node.
    public init(
      _ operation: String, _ inputs: [String], output: String, _ attributes: [(name: String, value: Attribute)] = []
    ) {
      self.operation = operation
      self.inputs = inputs
      self.output = output
      self.attributes = attributes
    }
  }

  /// The value of an operator's attribute.
  public enum Attribute: Sendable, Equatable {
    /// An integer attribute.
    case integer(Int)
    /// An attribute that is a list of integers.
    case integers([Int])
    /// A float32 attribute.
    case number(Float)
  }

  /// The size of one dimension of an input or output.
  public enum Extent: Sendable, Equatable {
    /// A fixed size.
    case fixed(Int)
    /// A size that may differ from call to call, such as the batch size, with a name.
    case symbolic(String)
  }

  /// An input or output of the graph.
  public struct Value: Sendable {
    /// The name of the input or output.
    public let name: String
    /// The shape of the input or output.
    public let shape: [Extent]

    /// Describes an input or output.
    public init(_ name: String, _ shape: [Extent]) {
      self.name = name
      self.shape = shape
    }
  }

  /// The version of the ONNX file format (`ir_version`): that of ONNX 1.12.
  private static let formatVersion = 8
  /// The version of the standard operator set of ONNX 1.12.
  private static let operatorVersion = 17
  /// The largest message that readers of Protocol Buffers accept, in bytes.
  private static let largestByteCount = Int(Int32.max)

  /// The graph's name.
  public var name: String
  /// The name and version of the program that made the model.
  public var producer: (name: String, version: String)
  /// The inputs of the graph.
  public var inputs: [Value]
  /// The outputs of the graph.
  public var outputs: [Value] = []
  /// The nodes of the graph in topological order.
  public var nodes: [Node] = []
  /// The weights that nodes use as inputs.
  public var weights: [NamedTensor] = []
  /// Key-value pairs stored in the model.
  public var metadata: [String: String] = [:]
  /// Integer vectors that some operators take as inputs.
  public var constants: [(name: String, values: [Int64])] = []

  /// Creates a model without nodes.
  public init(name: String, producer: (name: String, version: String), inputs: [Value]) {
    self.name = name
    self.producer = producer
    self.inputs = inputs
  }

  /// Writes the model to a file atomically.
  ///
  /// - Throws: ``FileError`` if the file cannot be written or the model exceeds the format's 2 GiB.
  public func write(to path: String) throws(FileError) {
    let message = message
    guard message.byteCount <= Self.largestByteCount else {
      throw FileError(
        .content,
        "\(path): the model takes \(message.byteCount) bytes, but an ONNX file at most \(Self.largestByteCount); choose --format safetensors"
      )
    }
    try message.write(to: path)
  }
}

// MARK: - Messages; the numbers are the field numbers in onnx.proto

extension ONNXModel {
  private enum ElementType {
    static let float32 = 1
    static let int64 = 7
  }

  private var message: ProtobufMessage {
    var operators = ProtobufMessage()
    // The empty domain means the standard operators.
    operators.add(1, "")
    operators.add(2, Self.operatorVersion)
    var model = ProtobufMessage()
    model.add(1, Self.formatVersion)
    model.add(2, producer.name)
    model.add(3, producer.version)
    model.add(7, graph)
    model.add(8, operators)
    for (name, text) in metadata.sorted(by: { one, other in one.key < other.key }) {
      var entry = ProtobufMessage()
      entry.add(1, name)
      entry.add(2, text)
      model.add(14, entry)
    }
    return model
  }

  private var graph: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes {
      graph.add(1, node.message)
    }
    graph.add(2, name)
    for tensor in weights {
      var message = Self.tensor(tensor.name, tensor.shape, ElementType.float32)
      message.add(9, bytesOf: tensor.elements)
      graph.add(5, message)
    }
    for constant in constants {
      var message = Self.tensor(constant.name, [constant.values.count], ElementType.int64)
      message.add(9, bytesOf: constant.values)
      graph.add(5, message)
    }
    for input in inputs {
      graph.add(11, input.message)
    }
    for output in outputs {
      graph.add(12, output.message)
    }
    return graph
  }

  private static func tensor(_ name: String, _ shape: [Int], _ elementType: Int) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, shape)
    message.add(2, elementType)
    message.add(8, name)
    return message
  }
}

extension ONNXModel.Node {
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    for input in inputs {
      message.add(1, input)
    }
    message.add(2, output)
    message.add(3, output)
    message.add(4, operation)
    for attribute in attributes {
      var field = ProtobufMessage()
      field.add(1, attribute.name)
      switch attribute.value {
      case .number(let number):
        field.add(2, number)
        field.add(20, 1)
      case .integer(let number):
        field.add(3, number)
        field.add(20, 2)
      case .integers(let numbers):
        field.add(8, numbers)
        field.add(20, 7)
      }
      message.add(5, field)
    }
    return message
  }
}

extension ONNXModel.Value {
  fileprivate var message: ProtobufMessage {
    var extents = ProtobufMessage()
    for extent in shape {
      var dimension = ProtobufMessage()
      switch extent {
      case .fixed(let count): dimension.add(1, count)
      case .symbolic(let name): dimension.add(2, name)
      }
      extents.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, 1)
    tensor.add(2, extents)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var message = ProtobufMessage()
    message.add(1, name)
    message.add(2, type)
    return message
  }
}
