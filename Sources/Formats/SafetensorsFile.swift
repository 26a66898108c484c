import FoundationEssentials

/// A safetensors file, read whole and checked: nothing in its header is believed before it fits the file.
public struct SafetensorsFile: Sendable {
  /// Where one tensor lies.
  public struct Entry: Sendable {
    /// The element type.
    public let type: TensorType
    /// The extents.
    public let shape: [Int]
    let range: Range<Int>
  }

  /// The texts of the header.
  public let metadata: [String: String]

  /// The tensors by name.
  public let entries: [String: Entry]

  /// The file's SHA-256 tensor, present and right: its hexadecimal digits.
  public let checksum: String

  private let path: String
  private let bytes: [UInt8]

  private static let longestHeader = 100_000_000

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var tensors: [String: Description] = [:]

    struct Description: Decodable {
      let dtype: String
      let shape: [Int]
      // swift-format-ignore: AlwaysUseLowerCamelCase
      let data_offsets: [Int]
    }

    struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for name in container.allKeys {
        if name.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: name)
        } else {
          tensors[name.stringValue] = try container.decode(Description.self, forKey: name)
        }
      }
    }
  }

  /// Reads a file that ends with a checksum, and verifies it.
  ///
  /// - Throws: ``FileError`` of kind `content` if anything does not fit: the file is damaged or was cut off.
  public init(path: String) throws(FileError) {
    self.path = path
    let file = try ReadOnlyFile(path: path)
    bytes = try file.read(file.byteCount, at: 0)
    guard bytes.count >= 8 else {
      throw Self.damaged(path, "it has \(bytes.count) bytes, fewer than a header's length")
    }
    var length: UInt64 = 0
    for index in 0..<8 {
      length |= UInt64(bytes[index]) << (8 * index)
    }
    guard length <= UInt64(min(Self.longestHeader, bytes.count - 8)) else {
      throw Self.damaged(path, "its header claims \(length) bytes, but only \(bytes.count - 8) follow")
    }
    let bufferStart = 8 + Int(length)
    guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw Self.damaged(path, "its header is no JSON object") }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<bufferStart]))
    } catch {
      throw Self.damaged(path, "its header is no valid JSON of a safetensors file")
    }
    metadata = header.metadata

    var entries: [String: Entry] = [:]
    let bufferCount = bytes.count - bufferStart
    var next = 0
    // Without holes or overlaps, in the order of their offsets; this also rules out most repeated names.
    let sorted = header.tensors.sorted { first, second in
      first.value.data_offsets.lexicographicallyPrecedes(second.value.data_offsets)
    }
    for (name, description) in sorted {
      guard let type = TensorType(rawValue: description.dtype) else {
        throw Self.damaged(path, "\(name) has the type \(description.dtype), expected F32 or U8")
      }
      guard let count = Self.byteCount(description.shape, type), description.data_offsets.count == 2,
        description.data_offsets[0] == next, count <= bufferCount - next, description.data_offsets[1] == next + count
      else {
        throw Self.damaged(path, "\(name) does not lie where its shape and its neighbours say")
      }
      entries[name] = Entry(
        type: type, shape: description.shape, range: bufferStart + next..<bufferStart + next + count)
      next += count
    }
    guard next == bufferCount else {
      throw Self.damaged(path, "its tensors take \(next) bytes, but \(bufferCount) follow the header")
    }
    self.entries = entries
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

  private static func byteCount(_ shape: [Int], _ type: TensorType) -> Int? {
    var count = type.byteCount
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }

  private static func verifiedChecksum(
    _ path: String, _ bytes: [UInt8], _ entries: [String: Entry]
  ) throws(FileError) -> String {
    guard let entry = entries[SafetensorsChecksum.name], entry.range.upperBound == bytes.count,
      entry.range.count == SafetensorsChecksum.byteCount
    else { throw damaged(path, "it does not end with \(SafetensorsChecksum.name)") }
    let digest = SHA256()
    unsafe digest.update(bytes.span.bytes.extracting(0..<entry.range.lowerBound))
    let found = digest.finalize()
    guard found == Array(bytes[entry.range]) else {
      throw damaged(path, "its contents do not have the checksum that it ends with")
    }
    return SHA256.hexadecimal(found)
  }

  private static func damaged(_ path: String, _ reason: String) -> FileError {
    FileError(.content, "\(path): damaged or cut off: \(reason)")
  }
}
