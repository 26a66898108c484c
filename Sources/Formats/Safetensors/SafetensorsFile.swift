/// A safetensors file that was read into memory and whose header was verified.
public struct SafetensorsFile: Sendable {
  /// The key-value pairs in the header's metadata.
  public let metadata: [String: String]

  /// The header entries of the tensors, by name.
  public let entries: [String: SafetensorsHeader.Entry]

  /// The verified SHA-256 checksum of the file in hexadecimal digits; `nil` if it has none.
  public let checksum: String?

  /// The path of the file.
  public let path: String
  private let bytes: [UInt8]

  /// Reads a file, and verifies its checksum if it has one.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - needsChecksum: True to refuse a file without a checksum; files written by other programs have none.
  /// - Throws: ``FileError`` of kind `content` if the file is inconsistent, because it is damaged or truncated.
  public init(path: String, needsChecksum: Bool = true) throws(FileError) {
    self.path = path
    let file = try WeightFileFormat.open(path)
    let header = try SafetensorsHeader(of: file)
    metadata = header.metadata
    entries = header.entries
    bytes = try file.contents()
    checksum =
      needsChecksum || entries[SafetensorsChecksum.name] != nil
      ? try Self.verifiedChecksum(path, bytes, header) : nil
  }

  /// Returns the elements of a floating-point tensor as float32; float64 is rounded, shorter types are exact.
  ///
  /// - Parameters:
  ///   - name: The name of the tensor.
  ///   - shape: The shape that the tensor must have.
  /// - Returns: The elements in row-major order.
  /// - Throws: ``FileError`` if there is no floating-point tensor with this name and shape.
  public func floats(_ name: String, shape: [Int]) throws(FileError) -> [Float] {
    guard let entry = entries[name] else { throw FileError(.content, "\(path): holds no tensor \(name)") }
    guard entry.shape == shape, let floats = floats(of: entry) else {
      throw FileError(
        .content,
        "\(path): \(name) is \(entry.type.rawValue) \(entry.shape), expected \(TensorType.float32.rawValue) \(shape)"
          + (entry.type.isFloatingPoint ? "" : "; save it as floating-point numbers, in PyTorch with .float()"))
    }
    return floats
  }

  private func floats(of entry: SafetensorsHeader.Entry) -> [Float]? {
    switch entry.type {
    case .float32: elements(of: entry, UInt32.self).map { bits in Float(bitPattern: bits) }
    case .float16: elements(of: entry, UInt16.self).map { bits in Float(Float16(bitPattern: bits)) }
    case .bfloat16: elements(of: entry, UInt16.self).map { bits in Float(bitPattern: UInt32(bits) << 16) }
    case .float64: elements(of: entry, UInt64.self).map { bits in Float(Double(bitPattern: bits)) }
    case .float8E4M3: elements(of: entry, UInt8.self).map { bits in Self.float8(bits, exponentBits: 4) }
    case .float8E5M2: elements(of: entry, UInt8.self).map { bits in Self.float8(bits, exponentBits: 5) }
    default: nil
    }
  }

  /// Decodes an 8-bit floating-point number (OCP 8-bit Floating Point Specification).
  ///
  /// With 4 exponent bits (E4M3) there is no infinity, and only the pattern of all ones is NaN.
  private static func float8(_ bits: UInt8, exponentBits: Int) -> Float {
    let mantissaBits = 7 - exponentBits
    let mantissa = Int(bits) & (1 << mantissaBits - 1)
    let exponent = Int(bits) >> mantissaBits & (1 << exponentBits - 1)
    let bias = 1 << (exponentBits - 1) - 1
    let isLast = exponent == 1 << exponentBits - 1
    let magnitude: Float
    if isLast, exponentBits == 5 {
      magnitude = mantissa == 0 ? .infinity : .nan
    } else if isLast, mantissa == 1 << mantissaBits - 1 {
      magnitude = .nan
    } else {
      let significand = exponent == 0 ? mantissa : mantissa + 1 << mantissaBits
      magnitude =
        Float(significand) * Float(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
    }
    return bits & 0x80 == 0 ? magnitude : -magnitude
  }

  private func elements<Bits: FixedWidthInteger & BitwiseCopyable>(
    of entry: SafetensorsHeader.Entry, _ type: Bits.Type
  ) -> [Bits] {
    let byteCount = MemoryLayout<Bits>.size
    return unsafe bytes.withUnsafeBytes { bytes in
      (0..<entry.range.count / byteCount).map { index in
        unsafe bytes.loadUnaligned(fromByteOffset: entry.range.lowerBound + byteCount * index, as: Bits.self)
      }
    }
  }

  private static func verifiedChecksum(
    _ path: String, _ bytes: [UInt8], _ header: SafetensorsHeader
  ) throws(FileError) -> String {
    let entry = try header.checksumEntry(path: path, byteCount: bytes.count)
    let digest = SHA256()
    unsafe digest.update(bytes.span.bytes.extracting(0..<entry.range.lowerBound))
    let found = digest.finalize()
    guard found == Array(bytes[entry.range]) else { throw SafetensorsHeader.changed(path) }
    return SHA256.hexadecimal(found)
  }
}
