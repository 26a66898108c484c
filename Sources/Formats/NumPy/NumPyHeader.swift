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
    let start = try read(min(FileFormat.startLength, count), 0)
    guard start.count >= 12, start.starts(with: Self.magic), (1...3).contains(start[6]) else {
      throw FileError(.content, "\(path): is \(Self.kind(of: start)); expected a .npy file, as numpy.save writes it")
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

  /// Returns a description of a file that is not a `.npy` file of a known version, by its first bytes.
  private static func kind(of start: [UInt8]) -> String {
    if start.isEmpty { return "empty" }
    if start.count > magic.count, start.starts(with: magic), start[magic.count] > 3 {
      return "a file of NumPy, but of a newer version"
    }
    return start[0] == magic[0] ? "a damaged .npy file" : FileFormat(start: start)?.title ?? "of another kind"
  }
}
