/// Random damage to real files, the same for the same number.
public struct Mutations {
  private var state: UInt64

  /// The damages of one number.
  public init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  /// A number from 0 to `bound` − 1, by xorshift64* (Vigna 2016).
  private mutating func next(below bound: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(bound, 1)
  }

  /// A file with one to eight damages: changed bytes, numbers at their ends, pieces left out, repeated, or taken from
  /// another file.
  ///
  /// Half of the PNG files get right checksums again, so that the damage reaches what lies behind them.
  public mutating func damaged(_ file: [UInt8], other: [UInt8]) -> [UInt8] {
    var bytes = file
    for _ in 0...next(below: 8) where !bytes.isEmpty {
      let place = next(below: bytes.count)
      let length = min(1 + next(below: 1 << next(below: 8)), bytes.count - place)
      switch next(below: 10) {
      case 0, 1, 2: bytes[place] = UInt8(next(below: 256))
      case 3: bytes[place] ^= 1 << UInt8(next(below: 8))
      case 4, 5: bytes[place] = [0, 0x7F, 0x80, 0xFF][next(below: 4)]
      case 6: bytes.removeSubrange(place..<place + length)
      case 7: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 8: bytes.removeSubrange(place...)
      default:
        let from = next(below: other.count)
        bytes.replaceSubrange(place..<place + length, with: other[from..<min(from + length, other.count)])
      }
    }
    return next(below: 2) == 0 ? Self.withRightChecksums(bytes) : bytes
  }

  /// A PNG file, as far as its chunks can be followed, with the checksums that they should have; another file as it is.
  private static func withRightChecksums(_ file: [UInt8]) -> [UInt8] {
    var bytes = file
    guard bytes.count > 8, bytes[0] == 0x89 else { return file }
    var offset = 8
    while offset + 12 <= bytes.count {
      let length = bytes[offset..<offset + 4].reduce(0) { number, byte in number << 8 | Int(byte) }
      let end = offset + 8 + length
      guard end + 4 <= bytes.count else { break }
      bytes.replaceSubrange(end..<end + 4, with: cyclicRedundancy(Array(bytes[offset + 4..<end])))
      offset = end + 4
    }
    return bytes
  }

  /// The checksum of a PNG chunk's type and data, as stored in the file.
  public static func cyclicRedundancy(_ bytes: [UInt8]) -> [UInt8] {
    let remainder = bytes.reduce(UInt32.max) { remainder, byte in
      (0..<8).reduce(remainder ^ UInt32(byte)) { remainder, _ in
        remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
      }
    }
    return [24, 16, 8, 0].map { shift in UInt8(truncatingIfNeeded: ~remainder >> shift) }
  }
}
