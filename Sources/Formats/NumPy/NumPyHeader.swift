/// The header of a `.npy` file (format versions 1 to 3).
struct NumPyHeader {
  let description: String
  let type: NumPyElementType
  let shape: [Int]
  let isFortranOrder: Bool
  /// The number of bytes before the elements.
  let byteCount: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let longestHeader = 1 << 20

  /// The number of bytes of all elements.
  let dataByteCount: Int

  /// Reads a header.
  ///
  /// - Parameters:
  ///   - path: The path of the file, for error messages.
  ///   - count: The size of the file in bytes.
  ///   - read: Reads bytes of the file.
  /// - Throws: ``FileError`` naming the mismatch and the remedy.
  init(
    path: String, byteCount count: Int, read: (_ count: Int, _ offset: Int) throws(FileError) -> [UInt8]
  ) throws(FileError) {
    let start = try read(min(12, count), 0)
    guard start.count == 12, start.starts(with: Self.magic), (1...3).contains(start[6]) else {
      throw FileError(.content, "\(path): is \(Self.guess(start)); expected a .npy file, as numpy.save writes it")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { length, index in length | Int(start[8 + index]) << (8 * index) }
    byteCount = 8 + lengthBytes + length
    guard byteCount <= count, length <= Self.longestHeader else {
      throw FileError(.content, "\(path): its header claims \(length) bytes, but the file has \(count)")
    }
    let text = String(decoding: try read(length, 8 + lengthBytes), as: UTF8.self)
    guard let header = PythonLiteral(text), let description = header["descr"],
      case .boolean(let isFortranOrder) = header["fortran_order"], let shape = Self.extents(header["shape"])
    else { throw FileError(.content, "\(path): its header is not NumPy's description of one array") }
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    (self.description, type) = try Self.type(description, path)
    guard let dataByteCount = Self.product(shape, type.byteCount) else {
      throw FileError(.content, "\(path): its shape \(shape) is beyond any file")
    }
    self.dataByteCount = dataByteCount
    guard dataByteCount == count - byteCount else {
      throw FileError(
        .content,
        "\(path): expected \(dataByteCount) bytes for \(self.description) of shape \(shape), found \(count - byteCount); is the file complete?"
      )
    }
  }

  private static func type(
    _ description: PythonLiteral, _ path: String
  ) throws(FileError) -> (String, NumPyElementType) {
    guard case .string(let name) = description else {
      throw FileError(
        .content,
        "\(path): is a structured array; save one of its fields: \(NumPyFile.conversion(path, "['FIELD']"))")
    }
    if let type = NumPyElementType(name) {
      return (name, type)
    }
    // The kind letter, without byte order and width.
    let kind = name.drop { letter in "<>=|".contains(letter) }.first
    let remedy =
      switch kind {
      case "O": "which are Python objects; save an array of numbers"
      case "U", "S": "which are texts; save numbers, for labels: np.unique(labels, return_inverse=True)[1]"
      case "c": "which are complex; save real numbers: \(NumPyFile.conversion(path, ".real"))"
      case "M", "m": "which are times; save numbers: \(NumPyFile.conversion(path, ".astype('int64')"))"
      case "V": "which have no meaning of their own; save numbers, bfloat16 with ml_dtypes as <V2"
      default: "save numbers of at most 64 bits: \(NumPyFile.conversion(path, ".astype('float32')"))"
      }
    throw FileError(.content, "\(path): has elements of type \(name), \(remedy)")
  }

  private static func extents(_ literal: PythonLiteral?) -> [Int]? {
    guard case .sequence(let elements, true) = literal else { return nil }
    let extents = elements.compactMap { element -> Int? in
      guard case .integer(let extent) = element, extent >= 0 else { return nil }
      return extent
    }
    return extents.count == elements.count ? extents : nil
  }

  private static func product(_ shape: [Int], _ width: Int) -> Int? {
    var count = width
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }

  /// Returns a description of a file that is not NumPy's, guessed from its first bytes.
  private static func guess(_ start: [UInt8]) -> String {
    let kinds: [(String, [UInt8])] = [
      ("empty", []), ("an HDF5 file", [0x89, 0x48, 0x44, 0x46]), ("a pickle or a file of torch.save", [0x80]),
      ("compressed with gzip", [0x1F, 0x8B]), ("a file of NumPy, but of a newer version", magic),
      ("a damaged .npy file", [0x93]), ("a MATLAB file", Array("MATLAB".utf8)), ("an Arrow file", Array("ARROW1".utf8)),
      ("a Parquet file", Array("PAR1".utf8)), ("a PNG image", [0x89, 0x50, 0x4E, 0x47]),
    ]
    let kind = kinds.first { kind in kind.1.isEmpty ? start.isEmpty : start.starts(with: kind.1) }
    return kind?.0 ?? (start.allSatisfy { byte in (9...126).contains(byte) } ? "a text" : "of another kind")
  }
}
