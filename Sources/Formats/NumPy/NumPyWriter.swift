/// Writes `.npy` files of version 1.0.
public enum NumPyWriter {
  /// Writes an array, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - elementType: NumPy's short form, such as `<f4`.
  ///   - shape: The extents, row-major.
  ///   - blocks: Calls its argument with the bytes, in order, as often as it likes.
  /// - Throws: ``FileError``.
  public static func write(
    to path: String, elementType: String, shape: [Int],
    blocks: (_ append: (RawSpan) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(elementType)', 'fortran_order': False, 'shape': (\(extents)), }"
    let unpadded = 10 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let count = header.utf8.count
    let start: [UInt8] =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(header.utf8)
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      unsafe try file.append(start.span.bytes)
      try blocks { (bytes) throws(FileError) in
        try file.append(bytes)
      }
    }
  }
}
