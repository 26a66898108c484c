/// A `.npy` file of NumPy (format versions 1 to 3) whose rows are read when they are asked for.
public struct NumPyFile: Sendable {
  /// The element type in NumPy's short form, for example `<f4`.
  public let elementType: String

  /// The extents, row-major.
  public let shape: [Int]

  /// Where the file stands.
  public var path: String { file.path }

  private let file: ReadOnlyFile
  private let dataOffset: Int
  private let elementByteCount: Int

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Opens a file and checks its header against its size.
  ///
  /// - Throws: ``FileError`` saying what does not fit.
  public init(path: String) throws(FileError) {
    file = try ReadOnlyFile(path: path)
    let start = try file.read(min(12, file.byteCount), at: 0)
    guard start.count == 12, Array(start[..<6]) == Self.magic, (1...3).contains(start[6]) else {
      throw FileError(.content, "\(path): is no .npy file (expected NumPy's magic bytes and version 1 to 3)")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    var headerCount = 0
    for index in 0..<lengthBytes {
      headerCount |= Int(start[8 + index]) << (8 * index)
    }
    dataOffset = 8 + lengthBytes + headerCount
    guard dataOffset <= file.byteCount else {
      throw FileError(.content, "\(path): its header claims \(headerCount) bytes, but the file has \(file.byteCount)")
    }
    let header = String(decoding: try file.read(headerCount, at: 8 + lengthBytes), as: UTF8.self)
    guard let type = Self.value(of: "descr", in: header)?.split(separator: "'").first.map(String.init),
      let order = Self.value(of: "fortran_order", in: header), let extents = Self.value(of: "shape", in: header),
      let shape = Self.extents(extents)
    else {
      throw FileError(.content, "\(path): its header is not NumPy's description of one array")
    }
    guard !order.hasPrefix("True") || shape.count < 2 else {
      throw FileError(.content, "\(path): is in Fortran order; save it with numpy.ascontiguousarray")
    }
    guard let byteOrder = type.first, "<|".contains(byteOrder), let kind = type.dropFirst().first,
      "fiub".contains(kind),
      let width = Int(type.dropFirst(2)), [1, 2, 4, 8].contains(width)
    else {
      throw FileError(.content, "\(path): has elements of type \(type), expected little-endian numbers")
    }
    elementByteCount = width
    elementType = type
    self.shape = shape
    var count = width
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw FileError(.content, "\(path): its shape \(shape) is beyond any file") }
      count = product
    }
    guard count == file.byteCount - dataOffset else {
      throw FileError(
        .content,
        "\(path): expected \(count) bytes for \(type) of shape \(shape), found \(file.byteCount - dataOffset)")
    }
  }

  /// Consecutive elements of a `<f4` file.
  ///
  /// - Throws: ``FileError`` if they cannot be read.
  public func floats(_ elements: Range<Int>) throws(FileError) -> [Float] {
    try load(elements, as: Float.self)
  }

  /// Consecutive elements of a `<f8` file.
  ///
  /// - Throws: ``FileError`` if they cannot be read.
  public func doubles(_ elements: Range<Int>) throws(FileError) -> [Double] {
    try load(elements, as: Double.self)
  }

  /// Consecutive elements of a file of integers of any width, or of Booleans.
  ///
  /// - Throws: ``FileError`` if they are no integers, or one is beyond 63 bits.
  public func integers(_ elements: Range<Int>) throws(FileError) -> [Int64] {
    switch elementType {
    case "|i1", "<i1": try load(elements, as: Int8.self).map(Int64.init)
    case "|u1", "<u1", "|b1": try load(elements, as: UInt8.self).map(Int64.init)
    case "<i2": try load(elements, as: Int16.self).map(Int64.init)
    case "<u2": try load(elements, as: UInt16.self).map(Int64.init)
    case "<i4": try load(elements, as: Int32.self).map(Int64.init)
    case "<u4": try load(elements, as: UInt32.self).map(Int64.init)
    case "<i8": try load(elements, as: Int64.self)
    // Labels are compared only, so that a wrapped number serves as well.
    case "<u8": try load(elements, as: UInt64.self).map(Int64.init(bitPattern:))
    default: throw FileError(.content, "\(path): has elements of type \(elementType), expected integers")
    }
  }

  private func load<Element: BitwiseCopyable>(
    _ elements: Range<Int>, as type: Element.Type
  ) throws(FileError) -> [Element] {
    precondition(elementByteCount == MemoryLayout<Element>.size, "\(elementType) read as \(type)")
    let bytes = try file.read(
      elements.count * elementByteCount, at: dataOffset + elements.lowerBound * elementByteCount)
    return unsafe bytes.withUnsafeBytes { bytes in
      (0..<elements.count).map { index in
        unsafe bytes.loadUnaligned(fromByteOffset: index * elementByteCount, as: Element.self)
      }
    }
  }

  /// What follows a key of the header's dictionary literal.
  private static func value(of key: String, in header: String) -> String? {
    guard let range = header.firstRange(of: "'\(key)'") else { return nil }
    let rest = header[range.upperBound...].drop { character in character == " " || character == ":" }
    return rest.isEmpty ? nil : String(rest)
  }

  /// The numbers of a tuple literal such as `(10000, 128)`, `(5,)` or `()`.
  private static func extents(_ text: String) -> [Int]? {
    guard text.first == "(", let end = text.firstIndex(of: ")") else { return nil }
    let parts = text[text.index(after: text.startIndex)..<end].split(separator: ",")
      .map { part in part.filter { character in character != " " } }
      .filter { part in !part.isEmpty }
    let numbers = parts.compactMap { part in Int(part) }
    return numbers.count == parts.count && numbers.allSatisfy { number in number >= 0 } ? numbers : nil
  }
}

/// Writes `.npy` files of version 1.0.
public enum NumPyWriter {
  /// Writes an array, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Where the file will stand.
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
