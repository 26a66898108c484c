/// Integers in a byte sequence, with bounds checks.
extension Span<UInt8> {
  /// Returns true if the expected bytes are found at `offset`.
  func starts(with expected: [UInt8], at offset: Int = 0) -> Bool {
    guard offset >= 0, expected.count <= count - offset else { return false }
    return expected.indices.allSatisfy { index in self[offset + index] == expected[index] }
  }

  /// Returns the big-endian 16-bit integer at `offset`; `nil` beyond the end.
  func bigEndian16(at offset: Int) -> Int? {
    guard offset >= 0, offset <= count - 2 else { return nil }
    return Int(self[offset]) << 8 | Int(self[offset + 1])
  }

  /// Returns the big-endian 32-bit integer at `offset`; `nil` beyond the end.
  func bigEndian32(at offset: Int) -> Int? {
    guard let high = bigEndian16(at: offset), let low = bigEndian16(at: offset + 2) else { return nil }
    return high << 16 | low
  }
}

/// Little-endian integers, as in RIFF, BMP, GIF and zip files.
extension Span<UInt8> {
  /// Returns the little-endian 16-bit integer at `offset`; `nil` beyond the end.
  func littleEndian16(at offset: Int) -> Int? {
    guard let number = bigEndian16(at: offset) else { return nil }
    return number >> 8 | (number & 0xFF) << 8
  }

  /// Returns the little-endian 24-bit integer at `offset`; `nil` beyond the end.
  func littleEndian24(at offset: Int) -> Int? {
    guard let low = littleEndian16(at: offset), offset + 2 < count else { return nil }
    return low | Int(self[offset + 2]) << 16
  }

  /// Returns the little-endian 32-bit integer at `offset`; `nil` beyond the end.
  func littleEndian32(at offset: Int) -> Int? {
    guard let low = littleEndian16(at: offset), let high = littleEndian16(at: offset + 2) else { return nil }
    return high << 16 | low
  }
}
