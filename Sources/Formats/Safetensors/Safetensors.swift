/// A float32 tensor with a name, to be written to a file.
public struct NamedTensor: Sendable {
  /// The name of the tensor.
  public let name: String
  /// The shape of the tensor.
  public let shape: [Int]
  /// The elements in row-major order.
  public let elements: ArraySlice<Float>

  /// Creates a tensor.
  ///
  /// - Precondition: The number of elements is the product of the shape's extents.
  public init(name: String, shape: [Int], elements: ArraySlice<Float>) {
    precondition(shape.reduce(1, *) == elements.count, "\(name): \(elements.count) elements for the shape \(shape)")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}

/// The header entry of a tensor in a safetensors file.
public struct TensorDescription: Sendable {
  /// The name of the tensor.
  public let name: String
  /// The element type of the tensor.
  public let type: TensorType
  /// The shape of the tensor.
  public let shape: [Int]

  /// Describes a tensor.
  public init(name: String, type: TensorType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// The size of the tensor in bytes.
  public var byteCount: Int { shape.reduce(type.byteCount, *) }
}

/// The last tensor of safetensors files that this program writes: the SHA-256 of all bytes before it.
public enum SafetensorsChecksum {
  /// The name of the checksum tensor.
  public static let name = "checksum.sha256"
  static let byteCount = 32
}
