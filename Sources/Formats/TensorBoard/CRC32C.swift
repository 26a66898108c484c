/// The checksum of TensorFlow's records: CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), masked.
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
      remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
    }
  }

  /// The checksum of bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table = table
    return ~bytes.reduce(UInt32.max) { remainder, byte in
      table[Int((remainder ^ UInt32(byte)) & 0xFF)] ^ remainder >> 8
    }
  }

  /// The checksum, turned by 15 bits and moved, so that a checksum of data with checksums in them is none that they hold.
  package static func masked(_ bytes: [UInt8]) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
