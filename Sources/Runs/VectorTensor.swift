import FlatVectors
import Formats
import NeuralNet

/// A named tensor in its place in a flat vector, of which no copy is made.
package struct VectorTensor: Sendable {
  /// The name of the tensor.
  package let name: String
  /// The shape of the tensor.
  package let shape: [Int]
  private let vector: FlatVector
  private let range: Range<Int>

  fileprivate init(name: String, _ slice: VectorSlice, of vector: FlatVector) {
    self.name = name
    shape = slice.shape
    range = slice.range
    self.vector = vector
  }

  /// The tensor's entry in the header of a safetensors file.
  package var description: TensorDescription { TensorDescription(name: name, type: .float32, shape: shape) }

  /// Passes the tensor's elements, in row-major order and little-endian, to a function.
  package func write<Failure: Error>(_ append: (RawSpan) throws(Failure) -> Void) throws(Failure) {
    try vector.withSpan { (elements) throws(Failure) in unsafe try append(elements.extracting(range).bytes) }
  }

  /// Returns a copy of the tensor, under the same name or another one.
  package func copy(named name: String? = nil) -> NamedTensor {
    NamedTensor(name: name ?? self.name, shape: shape, elements: Array(vector[range])[...])
  }
}

extension [VectorTensor] {
  /// Writes the tensors with their checksum to a file under a temporary name.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  func prepare(at path: String, metadata: [String: String]) throws(FileError) -> AtomicFile.Prepared {
    try SafetensorsWriter.prepare(at: path, metadata: metadata, tensors: map(\.description)) {
      (append) throws(FileError) in
      for tensor in self {
        try tensor.write(append)
      }
    }
  }
}

extension VectorLayout {
  /// Returns the tensors of a vector with this layout.
  package func tensors(of vector: FlatVector, prefix: String = "") -> [VectorTensor] {
    slices.map { slice in VectorTensor(name: prefix + slice.name, slice, of: vector) }
  }

  /// Reads a vector with this layout from a file of named tensors.
  func vector(from file: SafetensorsFile, prefix: String = "") throws(FileError) -> FlatVector {
    let vector = FlatVector(count: count)
    for slice in slices {
      vector.replace(slice.range, with: try file.floats(prefix + slice.name, shape: slice.shape))
    }
    return vector
  }
}
