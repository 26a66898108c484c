/// A writer of `.npy` files of format version 1.0.
public enum NumPyWriter {
  /// Writes an array to a file atomically.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - elementType: NumPy's type string, such as `<f4`.
  ///   - shape: The shape of the array.
  ///   - blocks: Passes the array's bytes to its argument, in row-major order, in blocks of any size.
  /// - Throws: ``FileError`` if the file cannot be written.
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

  /// Returns the header, which precedes the elements.
  ///
  /// - Parameters:
  ///   - elementType: NumPy's type string, such as `<f4`.
  ///   - shape: The shape of the array.
  ///   - byteCount: The smallest length of the header in bytes; shorter ones are padded.
  /// - Returns: The header, whose length is a multiple of 64 bytes.
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

/// A `.npy` file of format version 1.0 to which rows are appended, and whose number of rows is known only at the end.
public struct NumPyRows: ~Copyable {
  private var file: AtomicFile
  private let elementType: String
  private let rowShape: [Int]
  private let headerByteCount: Int
  /// The number of rows appended so far.
  public private(set) var count = 0

  /// Creates the file under a temporary name.
  ///
  /// - Parameters:
  ///   - path: The final path of the file.
  ///   - elementType: NumPy's type string, such as `<f4`.
  ///   - rowShape: The shape of a row; empty if each row is a single element.
  ///   - limit: The largest number of rows that may be appended.
  /// - Throws: ``FileError`` if the file cannot be created.
  public init(path: String, elementType: String, rowShape: [Int], limit: Int) throws(FileError) {
    let header = NumPyWriter.header(elementType, [limit] + rowShape)
    let file = try AtomicFile(path: path)
    unsafe try file.append(header.span.bytes)
    self.file = file
    self.elementType = elementType
    self.rowShape = rowShape
    headerByteCount = header.count
  }

  /// Appends complete rows.
  ///
  /// - Throws: ``FileError`` if writing fails.
  public mutating func append(_ bytes: RawSpan, rows: Int) throws(FileError) {
    try file.append(bytes)
    count += rows
  }

  /// Writes the final shape into the header and renames the file to its final name.
  ///
  /// - Throws: ``FileError`` if writing or renaming fails.
  public mutating func publish() throws(FileError) {
    let header = NumPyWriter.header(elementType, [count] + rowShape, byteCount: headerByteCount)
    unsafe try file.replace(header.span.bytes, at: 0)
    try file.publish()
  }
}
