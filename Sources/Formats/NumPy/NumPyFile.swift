/// An array in a NumPy `.npy` file, whose rows are read on demand, or the only array of a `.npz` file.
///
/// Supports booleans, integers and floating-point numbers as `numpy.load` does: header literals in any spelling, both
/// byte orders, C and Fortran order; also bfloat16. Arrays in Fortran order and in `.npz` files are read into memory
/// completely.
public struct NumPyFile: Sendable {
  /// The element type as written in the file, for example `<f4`.
  public let elementType: String
  /// The parsed element type.
  public let type: NumPyElementType
  /// The shape of the array.
  public let shape: [Int]
  /// The path of the file.
  public let path: String

  private enum Storage: Sendable {
    /// Elements in the file, from a byte offset on.
    case file(ReadOnlyFile, offset: Int)
    /// Elements in memory, in row-major order.
    case memory([UInt8])
  }

  private let storage: Storage

  /// Opens a file and checks its header against its size.
  ///
  /// - Throws: ``FileError`` naming the mismatch and the remedy.
  public init(path: String) throws(FileError) {
    self.path = path
    let file = try ReadOnlyFile(path: path)
    let header: NumPyHeader
    var bytes: [UInt8]?
    if try ZipArchive.isZip(file) {
      let member = try Self.onlyArray(of: file)
      header = try NumPyHeader(path: path, byteCount: member.count) { count, offset in
        Array(member[offset..<offset + count])
      }
      bytes = Array(member[header.byteCount...])
    } else {
      header = try NumPyHeader(path: path, byteCount: file.byteCount) { (count, offset) throws(FileError) in
        try file.read(count, at: offset)
      }
    }
    (elementType, type, shape) = (header.description, header.type, header.shape)
    if header.isFortranOrder, shape.count > 1 {
      if bytes == nil {
        bytes = try file.read(header.dataByteCount, at: header.byteCount)
      }
      bytes = bytes.map { columns in Self.rowMajor(columns, header.shape, width: header.type.byteCount) }
    }
    storage = bytes.map(Storage.memory) ?? .file(file, offset: header.byteCount)
  }

  private static func onlyArray(of file: ReadOnlyFile) throws(FileError) -> [UInt8] {
    let archive = try ZipArchive(file)
    let arrays = archive.members.filter { member in member.name.hasSuffix(".npy") }
    guard let array = arrays.first else {
      throw FileError(
        .content, "\(file.path): is a zip file without a .npy array; expected a .npy file, or a .npz of numpy.savez")
    }
    guard arrays.count == 1 else {
      let names = arrays.prefix(10).map { array in String(array.name.dropLast(4)) }
      // The name is an argument too, because it comes from the file.
      throw FileError(
        .content,
        "\(file.path): holds \(arrays.count) arrays (\(names.joined(separator: ", "))), expected one; save it by itself: "
          + "\(conversion(file.path, "[sys.argv[2]]")) \(names[0].shellQuoted)")
    }
    return try archive.contents(of: array)
  }

  /// Returns a shell command that loads `path` with NumPy, applies a suffix such as `.ravel()`, and saves `new.npy`.
  public static func conversion(_ path: String, _ expression: String) -> String {
    // The path is an argument, because the shell would expand a $ in it between double quotes.
    "python3 -c \"import sys, numpy as np; np.save('new.npy', np.load(sys.argv[1])\(expression))\" \(path.shellQuoted)"
  }

  /// Converts the elements of an array from Fortran order to row-major order.
  private static func rowMajor(_ bytes: [UInt8], _ shape: [Int], width: Int) -> [UInt8] {
    guard !bytes.isEmpty else { return bytes }
    var strides: [Int] = []
    var stride = width
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
      var index = [Int](repeating: 0, count: shape.count)
      var source = 0
      while count < bytes.count {
        for byte in 0..<width {
          unsafe target[count + byte] = bytes[source + byte]
        }
        count += width
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          source += strides[axis]
          guard index[axis] == shape[axis] else { break }
          source -= strides[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
  }

  /// Reads consecutive floating-point elements as float32: exact for 16 and 32 bits, rounded for 64 bits.
  ///
  /// - Throws: ``FileError`` if the elements cannot be read or are not floating-point numbers.
  public func floats(_ elements: Range<Int>) throws(FileError) -> [Float] {
    switch (type.kind, type.byteCount) {
    case (.bfloat16, _): try load(elements, UInt16.self).map { bits in Float(bitPattern: UInt32(bits) << 16) }
    case (.float, 2): try load(elements, UInt16.self).map { bits in Float(Float16(bitPattern: bits)) }
    case (.float, 4): try load(elements, UInt32.self).map(Float.init(bitPattern:))
    case (.float, 8): try load(elements, UInt64.self).map { bits in Float(Double(bitPattern: bits)) }
    default: throw wrongType("floating-point numbers", "float32")
    }
  }

  /// Reads consecutive floating-point elements as float64, which is exact.
  ///
  /// - Throws: ``FileError`` if the elements cannot be read or are not floating-point numbers.
  public func doubles(_ elements: Range<Int>) throws(FileError) -> [Double] {
    guard type.kind == .float, type.byteCount == 8 else { return try floats(elements).map(Double.init) }
    return try load(elements, UInt64.self).map(Double.init(bitPattern:))
  }

  /// Reads consecutive elements that are integers of any width, or booleans.
  ///
  /// Unsigned numbers of 2⁶³ and more become negative, which is harmless for labels, because these are only compared
  /// for equality.
  ///
  /// - Throws: ``FileError`` if the elements cannot be read or are not integers.
  public func integers(_ elements: Range<Int>) throws(FileError) -> [Int64] {
    switch (type.kind, type.byteCount) {
    case (.boolean, _), (.unsigned, 1): try load(elements, UInt8.self).map(Int64.init)
    case (.signed, 1): try load(elements, Int8.self).map(Int64.init)
    case (.signed, 2): try load(elements, Int16.self).map(Int64.init)
    case (.unsigned, 2): try load(elements, UInt16.self).map(Int64.init)
    case (.signed, 4): try load(elements, Int32.self).map(Int64.init)
    case (.unsigned, 4): try load(elements, UInt32.self).map(Int64.init)
    case (.signed, 8): try load(elements, Int64.self)
    case (.unsigned, 8): try load(elements, UInt64.self).map(Int64.init(bitPattern:))
    default: throw wrongType("integers", "int64")
    }
  }

  /// Checks that the elements are floating-point numbers.
  ///
  /// - Throws: ``FileError`` that names the actual type and the command that converts the file.
  public func requireFloatingPoint() throws(FileError) {
    guard type.isFloatingPoint else { throw wrongType("floating-point numbers", "float32") }
  }

  private func wrongType(_ expected: String, _ name: String) -> FileError {
    FileError(
      .content,
      "\(path): has elements of type \(elementType) (\(type.name)), expected \(expected); convert it: "
        + Self.conversion(path, ".astype('\(name)')"))
  }

  private func load<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ elements: Range<Int>, _ bits: Bits.Type
  ) throws(FileError) -> [Bits] {
    let width = MemoryLayout<Bits>.size
    let bytes: ArraySlice<UInt8>
    switch storage {
    case .file(let file, let offset):
      bytes = try file.read(elements.count * width, at: offset + elements.lowerBound * width)[...]
    case .memory(let all):
      guard elements.upperBound * width <= all.count else {
        throw FileError(.content, "\(path): has \(all.count / width) elements, expected \(elements.upperBound)")
      }
      bytes = all[elements.lowerBound * width..<elements.upperBound * width]
    }
    let isSwapped = type.isBigEndian
    return unsafe bytes.withUnsafeBytes { bytes in
      (0..<elements.count).map { index in
        let bits = unsafe bytes.loadUnaligned(fromByteOffset: index * width, as: Bits.self)
        return isSwapped ? bits.byteSwapped : bits
      }
    }
  }
}
