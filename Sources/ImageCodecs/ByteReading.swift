/// Numbers in bytes that may end anywhere.
extension Span<UInt8> {
  /// True if these bytes are at `offset`.
  func starts(with expected: [UInt8], at offset: Int = 0) -> Bool {
    guard offset >= 0, expected.count <= count - offset else { return false }
    return expected.indices.allSatisfy { index in self[offset + index] == expected[index] }
  }

  /// The big-endian number of two bytes at `offset`; `nil` if they are not all there.
  func bigEndian16(at offset: Int) -> Int? {
    guard offset >= 0, offset <= count - 2 else { return nil }
    return Int(self[offset]) << 8 | Int(self[offset + 1])
  }

  /// The big-endian number of four bytes at `offset`; `nil` if they are not all there.
  func bigEndian32(at offset: Int) -> Int? {
    guard let high = bigEndian16(at: offset), let low = bigEndian16(at: offset + 2) else { return nil }
    return high << 16 | low
  }
}

/// Little-endian numbers, which RIFF, BMP, GIF and zip have.
extension Span<UInt8> {
  /// The little-endian number of two bytes at `offset`; `nil` if they are not all there.
  func littleEndian16(at offset: Int) -> Int? {
    guard let number = bigEndian16(at: offset) else { return nil }
    return number >> 8 | (number & 0xFF) << 8
  }

  /// The little-endian number of three bytes at `offset`; `nil` if they are not all there.
  func littleEndian24(at offset: Int) -> Int? {
    guard let low = littleEndian16(at: offset), offset + 2 < count else { return nil }
    return low | Int(self[offset + 2]) << 16
  }

  /// The little-endian number of four bytes at `offset`; `nil` if they are not all there.
  func littleEndian32(at offset: Int) -> Int? {
    guard let low = littleEndian16(at: offset), let high = littleEndian16(at: offset + 2) else { return nil }
    return high << 16 | low
  }
}
