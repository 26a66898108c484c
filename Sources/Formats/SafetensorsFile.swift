/// A safetensors file, read whole and checked.
public struct SafetensorsFile: Sendable {
  /// The texts of the header.
  public let metadata: [String: String]

  /// The tensors by name.
  public let entries: [String: SafetensorsHeader.Entry]

  /// The file's SHA-256 tensor, present and right: its hexadecimal digits.
  public let checksum: String

  private let path: String
  private let bytes: [UInt8]

  /// Reads a file that ends with a checksum, and verifies it.
  ///
  /// - Throws: ``FileError`` of kind `content` if anything does not fit: the file is damaged or was cut off.
  public init(path: String) throws(FileError) {
    self.path = path
    let file = try ReadOnlyFile(path: path)
    let header = try SafetensorsHeader(of: file)
    metadata = header.metadata
    entries = header.entries
    bytes = try file.read(file.byteCount, at: 0)
    checksum = try Self.verifiedChecksum(path, bytes, entries)
  }

  /// The elements of a float32 tensor.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - shape: The extents that it must have.
  /// - Returns: The elements, row-major.
  /// - Throws: ``FileError`` if there is no such tensor of this shape.
  public func floats(_ name: String, shape: [Int]) throws(FileError) -> [Float] {
    guard let entry = entries[name] else { throw FileError(.content, "\(path): holds no tensor \(name)") }
    guard entry.type == .float32, entry.shape == shape else {
      throw FileError(
        .content,
        "\(path): \(name) is \(entry.type.rawValue) \(entry.shape), expected \(TensorType.float32.rawValue) \(shape)")
    }
    return unsafe bytes.withUnsafeBytes { bytes in
      (0..<entry.range.count / 4).map { index in
        unsafe bytes.loadUnaligned(fromByteOffset: entry.range.lowerBound + 4 * index, as: Float.self)
      }
    }
  }

  private static func verifiedChecksum(
    _ path: String, _ bytes: [UInt8], _ entries: [String: SafetensorsHeader.Entry]
  ) throws(FileError) -> String {
    guard let entry = entries[SafetensorsChecksum.name], entry.range.upperBound == bytes.count,
      entry.range.count == SafetensorsChecksum.byteCount
    else { throw SafetensorsHeader.damaged(path, "it does not end with \(SafetensorsChecksum.name)") }
    let digest = SHA256()
    unsafe digest.update(bytes.span.bytes.extracting(0..<entry.range.lowerBound))
    let found = digest.finalize()
    guard found == Array(bytes[entry.range]) else {
      throw SafetensorsHeader.damaged(path, "its contents do not have the checksum that it ends with")
    }
    return SHA256.hexadecimal(found)
  }
}
