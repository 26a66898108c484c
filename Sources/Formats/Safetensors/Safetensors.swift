/// A float32 tensor to be written.
public struct NamedTensor: Sendable {
  /// Its name.
  public let name: String
  /// Its extents, row-major.
  public let shape: [Int]
  /// Its elements.
  public let elements: ArraySlice<Float>

  /// A float32 tensor.
  ///
  /// - Precondition: The shape has as many elements as there are.
  public init(name: String, shape: [Int], elements: ArraySlice<Float>) {
    precondition(shape.reduce(1, *) == elements.count, "\(name): \(elements.count) elements for the shape \(shape)")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}

/// The header entry of a tensor in a safetensors file.
public struct TensorDescription: Sendable {
  /// Its name.
  public let name: String
  /// Its element type.
  public let type: TensorType
  /// Its extents, row-major.
  public let shape: [Int]

  /// A description.
  public init(name: String, type: TensorType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// The size of the tensor in bytes.
  public var byteCount: Int { shape.reduce(type.byteCount, *) }
}

/// The tensor that ends this project's safetensors files: the SHA-256 of every byte before its own.
public enum SafetensorsChecksum {
  /// Its name.
  public static let name = "checksum.sha256"
  static let byteCount = 32
}
