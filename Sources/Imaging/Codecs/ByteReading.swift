/// Numbers in bytes that may end anywhere.
extension Span<UInt8> {
  /// Whether these bytes stand at `offset`.
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
