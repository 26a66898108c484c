/// The checksum of TensorFlow's record files: CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), optionally masked.
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
      remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
    }
  }

  /// Returns the CRC-32C of bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table = table
    return ~bytes.reduce(UInt32.max) { remainder, byte in
      table[Int((remainder ^ UInt32(byte)) & 0xFF)] ^ remainder >> 8
    }
  }

  /// Returns the masked CRC-32C of TensorFlow's record files: rotated right by 15 bits, plus a constant.
  package static func masked(_ bytes: [UInt8]) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
