/// `.npy` files written and read by the fewest words, independent of the reader and writer under test.
public enum PlainNumPy {
  /// Writes one array.
  ///
  /// - Throws: The system's error.
  public static func write<Element: BitwiseCopyable>(
    _ elements: [Element], type: String, shape: [Int], to path: String
  ) throws {
    let extents = shape.map { extent in "\(extent)," }.joined(separator: " ")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let data = unsafe elements.withUnsafeBytes { bytes in unsafe Array(bytes) }
    try writeBytes([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + data, to: path)
  }

  /// The header and the elements of a file of format version 1.
  ///
  /// - Throws: The system's error.
  public static func read<Element: BitwiseCopyable>(
    _ path: String, as type: Element.Type
  ) throws -> (header: String, elements: [Element]) {
    let bytes = try readBytes(path)
    let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    let width = MemoryLayout<Element>.size
    let elements = unsafe bytes.withUnsafeBytes { bytes in
      stride(from: start, to: bytes.count, by: width).map { offset in
        unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Element.self)
      }
    }
    return (String(decoding: bytes[10..<start], as: UTF8.self), elements)
  }
}
