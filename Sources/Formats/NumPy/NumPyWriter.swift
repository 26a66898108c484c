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
    let start = header(elementType, shape)
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      unsafe try file.append(start.span.bytes)
      try blocks { (bytes) throws(FileError) in
        try file.append(bytes)
      }
    }
  }

  /// The bytes before the elements.
  ///
  /// - Parameters:
  ///   - elementType: NumPy's short form, such as `<f4`.
  ///   - shape: The extents, row-major.
  ///   - byteCount: The least number of bytes.
  /// - Returns: A multiple of 64 bytes.
  static func header(_ elementType: String, _ shape: [Int], byteCount: Int = 0) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(elementType)', 'fortran_order': False, 'shape': (\(extents)), }"
    let unpadded = 10 + header.utf8.count + 1
    let padded = max((unpadded + 63) / 64 * 64, byteCount)
    header += String(repeating: " ", count: padded - unpadded) + "\n"
    let count = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(header.utf8)
  }
}

/// A `.npy` file of version 1.0 whose rows are appended piece by piece; the number of rows is known at the end only.
public struct NumPyRows: ~Copyable {
  private var file: AtomicFile
  private let elementType: String
  private let rowShape: [Int]
  private let headerByteCount: Int
  /// The number of rows appended so far.
  public private(set) var count = 0

  /// Begins a file.
  ///
  /// - Parameters:
  ///   - path: The path of the finished file.
  ///   - elementType: NumPy's short form, such as `<f4`.
  ///   - rowShape: The extents of a row; none if its rows are single elements.
  ///   - limit: The largest number of rows.
  /// - Throws: ``FileError``.
  public init(path: String, elementType: String, rowShape: [Int], limit: Int) throws(FileError) {
    let header = NumPyWriter.header(elementType, [limit] + rowShape)
    let file = try AtomicFile(path: path)
    unsafe try file.append(header.span.bytes)
    self.file = file
    self.elementType = elementType
    self.rowShape = rowShape
    headerByteCount = header.count
  }

  /// Appends whole rows.
  ///
  /// - Throws: ``FileError``.
  public mutating func append(_ bytes: RawSpan, rows: Int) throws(FileError) {
    try file.append(bytes)
    count += rows
  }

  /// Completes the header and gives the file its name.
  ///
  /// - Throws: ``FileError``.
  public mutating func publish() throws(FileError) {
    let header = NumPyWriter.header(elementType, [count] + rowShape, byteCount: headerByteCount)
    unsafe try file.replace(header.span.bytes, at: 0)
    try file.publish()
  }
}
