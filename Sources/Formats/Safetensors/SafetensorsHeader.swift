import FoundationEssentials

/// The header of a safetensors file, verified against the file's size.
public struct SafetensorsHeader: Sendable {
  /// The type, shape and location of one tensor.
  public struct Entry: Sendable {
    /// The element type of the tensor.
    public let type: TensorType
    /// The shape of the tensor.
    public let shape: [Int]
    /// The range of the tensor's bytes in the file.
    public let range: Range<Int>
  }

  /// The key-value pairs in the header's metadata.
  public let metadata: [String: String]

  /// The entries of the tensors, by name.
  public let entries: [String: Entry]

  private static let longestHeader = 100_000_000

  private struct Contents: Decodable {
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

  /// Reads the header of a file, and checks that the tensors fill the rest of the file.
  ///
  /// - Throws: ``FileError`` of kind `content` if the file is inconsistent, because it is damaged or truncated.
  public init(of file: ReadOnlyFile) throws(FileError) {
    let path = file.path
    guard file.byteCount >= 8 else {
      throw Self.damaged(path, "it has \(file.byteCount) bytes, fewer than a header's length")
    }
    let length = try file.read(8, at: 0).reversed().reduce(UInt64(0)) { length, byte in length << 8 | UInt64(byte) }
    guard length <= UInt64(min(Self.longestHeader, file.byteCount - 8)) else {
      throw Self.damaged(path, "its header claims \(length) bytes, but only \(file.byteCount - 8) follow")
    }
    let bufferStart = 8 + Int(length)
    let text = try file.read(Int(length), at: 8)
    guard text.first == UInt8(ascii: "{") else { throw Self.damaged(path, "its header is no JSON object") }
    let header: Contents
    do {
      header = try JSONDecoder().decode(Contents.self, from: Data(text))
    } catch {
      throw Self.damaged(path, "its header is no valid JSON of a safetensors file")
    }
    metadata = header.metadata

    var entries: [String: Entry] = [:]
    let bufferCount = file.byteCount - bufferStart
    var next = 0
    // Sorted by offset, the tensors must have no gaps and no overlaps; this also detects most duplicate names.
    let sorted = header.tensors.sorted { first, second in
      first.value.data_offsets.lexicographicallyPrecedes(second.value.data_offsets)
    }
    for (name, description) in sorted {
      let type = TensorType(rawValue: description.dtype)
      guard description.data_offsets.count == 2, description.data_offsets[0] == next,
        (next...bufferCount).contains(description.data_offsets[1]),
        Self.fits(description.data_offsets[1] - next, description.shape, type)
      else {
        throw Self.damaged(path, "\(name) does not lie where its shape and its neighbors say")
      }
      entries[name] = Entry(
        type: type, shape: description.shape, range: bufferStart + next..<bufferStart + description.data_offsets[1])
      next = description.data_offsets[1]
    }
    guard next == bufferCount else {
      throw Self.damaged(path, "its tensors take \(next) bytes, but \(bufferCount) follow the header")
    }
    self.entries = entries
  }

  /// Reads the whole file and verifies the checksum at its end.
  ///
  /// - Parameters:
  ///   - file: The file of this header.
  ///   - progress: Called with the number of bytes read so far.
  /// - Throws: ``FileError`` of kind `content` if the checksum is missing or does not match.
  public func verifyChecksum(of file: ReadOnlyFile, progress: (Int) -> Void = { _ in }) throws(FileError) {
    let entry = try checksumEntry(path: file.path, byteCount: file.byteCount)
    let digest = SHA256()
    let bytesPerRead = 1 << 20
    for offset in stride(from: 0, to: entry.range.lowerBound, by: bytesPerRead) {
      let bytes = try file.read(min(bytesPerRead, entry.range.lowerBound - offset), at: offset)
      unsafe digest.update(bytes.span.bytes)
      progress(offset + bytes.count)
    }
    guard try file.read(entry.range.count, at: entry.range.lowerBound) == digest.finalize() else {
      throw Self.changed(file.path)
    }
  }

  /// Returns the entry of the checksum at the end of a file of `byteCount` bytes.
  ///
  /// - Throws: ``FileError`` of kind `content` if the file does not end with one.
  func checksumEntry(path: String, byteCount: Int) throws(FileError) -> Entry {
    guard let entry = entries[SafetensorsChecksum.name], entry.range.upperBound == byteCount,
      entry.range.count == SafetensorsChecksum.byteCount
    else { throw Self.damaged(path, "it does not end with \(SafetensorsChecksum.name)") }
    return entry
  }

  /// Returns true if a tensor of this shape and type has `byteCount` bytes; always true for unknown types.
  private static func fits(_ byteCount: Int, _ shape: [Int], _ type: TensorType) -> Bool {
    var bits = type.bitCount ?? 1
    for extent in shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return false }
      bits = product
    }
    return type.bitCount == nil || bits == 8 * byteCount
  }

  /// Returns the error for a file that has another checksum than the one at its end.
  static func changed(_ path: String) -> FileError {
    damaged(path, "its contents do not have the checksum that it ends with")
  }

  static func damaged(_ path: String, _ reason: String) -> FileError {
    FileError(.content, "\(path): damaged or cut off: \(reason)")
  }
}
