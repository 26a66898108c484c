/// A message in the wire format of Protocol Buffers, parsed without its schema.
public struct ProtobufFields {
  /// The value of a field.
  public enum Value: Equatable {
    case number(Int)
    case fourBytes(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  /// The error for bytes that are not a valid message.
  public struct Damaged: Error {}

  private let values: [Int: [Value]]

  /// Takes bytes apart.
  public init(_ bytes: ArraySlice<UInt8>) throws {
    var values: [Int: [Value]] = [:]
    var rest = bytes
    func varint() throws -> UInt64 {
      var (number, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst(), shift < 64 {
        number |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 {
          return number
        }
        shift += 7
      }
      throw Damaged()
    }
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count <= rest.count else { throw Damaged() }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    while !rest.isEmpty {
      let key = try varint()
      let value: Value =
        switch key & 7 {
        case 0: .number(Int(truncatingIfNeeded: try varint()))
        case 1: .bytes(try take(8))
        case 2: .bytes(try take(Int(try varint())))
        case 5: .fourBytes(try take(4).reversed().reduce(0) { number, byte in number << 8 | UInt32(byte) })
        default: throw Damaged()
        }
      values[Int(key >> 3), default: []].append(value)
    }
    self.values = values
  }

  /// All values of a field, in order.
  public subscript(_ field: Int) -> [Value] { values[field] ?? [] }

  /// The numbers of a field.
  public func numbers(_ field: Int) -> [Int] {
    self[field].compactMap { value in
      guard case .number(let number) = value else { return nil }
      return number
    }
  }

  /// The bytes of every occurrence of a field.
  public func bytes(_ field: Int) -> [ArraySlice<UInt8>] {
    self[field].compactMap { value in
      guard case .bytes(let bytes) = value else { return nil }
      return bytes
    }
  }

  /// The texts of a field.
  public func texts(_ field: Int) -> [String] {
    bytes(field).map { bytes in String(decoding: bytes, as: UTF8.self) }
  }

  /// The messages of a field.
  public func messages(_ field: Int) throws -> [ProtobufFields] {
    try bytes(field).map { bytes in try ProtobufFields(bytes) }
  }
}

/// The parts of an ONNX file that the tests check; field numbers are those of onnx.proto.
public struct ONNXFile {
  /// An operation.
  public struct Node {
    /// The operator.
    public let operation: String
    /// The names of what goes in.
    public let inputs: [String]
    /// The names of what comes out.
    public let outputs: [String]
    /// Whole numbers by the attribute's name.
    public let numbers: [String: [Int]]
  }

  /// The whole message.
  public let model: ProtobufFields
  /// The operations in their order.
  public let nodes: [Node]
  /// The bytes and extents of initializers by name.
  public let tensors: [String: (shape: [Int], bytes: ArraySlice<UInt8>)]
  /// The extents of inputs, numbers or names.
  public let inputs: [String: [String]]
  /// The extents of outputs.
  public let outputs: [String: [String]]

  /// Reads a file's bytes.
  public init(_ bytes: [UInt8]) throws {
    model = try ProtobufFields(bytes[...])
    guard let graph = try model.messages(7).first else { throw ProtobufFields.Damaged() }
    nodes = try graph.messages(1).map { node in
      var numbers: [String: [Int]] = [:]
      for attribute in try node.messages(5) {
        numbers[attribute.texts(1).joined()] = attribute.numbers(3) + attribute.numbers(8)
      }
      return Node(
        operation: node.texts(4).joined(), inputs: node.texts(1), outputs: node.texts(2), numbers: numbers)
    }
    var tensors: [String: (shape: [Int], bytes: ArraySlice<UInt8>)] = [:]
    for tensor in try graph.messages(5) {
      tensors[tensor.texts(8).joined()] = (tensor.numbers(1), tensor.bytes(9).first ?? [])
    }
    self.tensors = tensors
    inputs = try Self.values(graph.messages(11))
    outputs = try Self.values(graph.messages(12))
  }

  private static func values(_ messages: [ProtobufFields]) throws -> [String: [String]] {
    var values: [String: [String]] = [:]
    for message in messages {
      let extents = try message.messages(2).flatMap { type in try type.messages(1) }
        .flatMap { tensor in try tensor.messages(2) }.flatMap { shape in try shape.messages(1) }
      values[message.texts(1).joined()] = extents.map { extent in
        extent.texts(2).first ?? extent.numbers(1).map(String.init).joined()
      }
    }
    return values
  }
}
