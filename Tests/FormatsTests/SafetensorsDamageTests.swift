import Formats
import TestSupport
import Testing

/// Damaged files are refused.
struct SafetensorsDamageTests {
  /// A file with a right checksum around any header and buffer.
  private func bytes(header: String, buffer: [UInt8], claimed: UInt64? = nil) -> [UInt8] {
    let length = claimed ?? UInt64(header.utf8.count)
    let bytes = (0..<8).map { index in UInt8(truncatingIfNeeded: length >> (8 * index)) } + Array(header.utf8) + buffer
    let digest = SHA256()
    unsafe digest.update(bytes.span.bytes)
    return bytes + digest.finalize()
  }

  private func error(_ bytes: [UInt8]) throws -> FileError? {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    try writeBytes(bytes, to: path)
    do throws(FileError) {
      _ = try SafetensorsFile(path: path)
      return nil
    } catch {
      #expect(error.kind == .content, "\(error)")
      #expect(error.description.contains(path))
      return error
    }
  }

  private func checksumEntry(_ begin: Int) -> String {
    "\"checksum.sha256\":{\"dtype\":\"U8\",\"shape\":[32],\"data_offsets\":[\(begin),\(begin + 32)]}"
  }

  private func small() throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let elements: [Float] = [1, 2, 3]
    try SafetensorsWriter.write(
      to: path, metadata: ["step": "7"], tensors: [NamedTensor(name: "w", shape: [3], elements: elements[...])])
    return try readBytes(path)
  }

  @Test func `the file made by hand is good`() throws {
    let good = bytes(
      header: "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\(checksumEntry(4))}",
      buffer: [0, 0, 0x80, 0x3F])
    #expect(try error(good) == nil)
    let unordered = bytes(
      header: "{\(checksumEntry(4)),\"w\":{\"shape\":[1],\"data_offsets\":[0,4],\"dtype\":\"F32\"}}   ",
      buffer: [0, 0, 0x80, 0x3F])
    #expect(try error(unordered) == nil)
  }

  @Test func `a file cut anywhere is detected`() throws {
    let whole = try small()
    #expect(try error(whole) == nil)
    for count in 0..<whole.count {
      #expect(try error(Array(whole[..<count])) != nil, "cut to \(count) of \(whole.count) bytes")
    }
    #expect(try error(whole + [0]) != nil)
  }

  @Test func `a flipped byte anywhere is detected`() throws {
    let whole = try small()
    for index in whole.indices {
      for mask: UInt8 in [0x01, 0x20, 0xFF] {
        var damaged = whole
        damaged[index] ^= mask
        #expect(try error(damaged) != nil, "byte \(index) ^ \(mask)")
      }
    }
  }

  @Test(arguments: [UInt64.max, 1 << 63, 1 << 62, 100_000_001, 99_999_999, 200])
  func `a header longer than the file is refused`(claimed: UInt64) throws {
    let header = "{\(checksumEntry(0))}"
    #expect(try error(bytes(header: header, buffer: [], claimed: claimed)) != nil)
  }

  @Test(arguments: [
    // holes and overlaps
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},CHECKSUM8}",
    "{\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
      + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},CHECKSUM8}",
    "{CHECKSUM8}",
    "{CHECKSUM0,\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[32,40]}}",
    // shapes and offsets that do not agree, or beyond any file
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,4],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,99999999999999999999]},CHECKSUM8}",
    // types
    "{\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"F4\",\"shape\":[15],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"NEW\",\"shape\":[-1],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":{\"dtype\":\"NEW\",\"shape\":[1],\"data_offsets\":[0,9]},CHECKSUM8}",
    "{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]},CHECKSUM8}",
    "{\"w\":7,CHECKSUM8}",
    "{\"__metadata__\":{\"a\":1},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},CHECKSUM8}",
    // no object, no JSON, no checksum
    " {\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},CHECKSUM8}",
    "[CHECKSUM8]",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},CHECKSUM8",
    "{\"w\":{\"dtype\":\"U8\",\"shape\":[40],\"data_offsets\":[0,40]}}",
    "{}",
    "",
  ])
  func `a header that does not fit its file is refused`(header: String) throws {
    let text = header.replacing("CHECKSUM8", with: checksumEntry(8)).replacing("CHECKSUM0", with: checksumEntry(0))
    #expect(try error(bytes(header: text, buffer: Array(repeating: 1, count: 8))) != nil)
  }

  @Test func `a missing file is not damaged but missing`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("none")
    #expect(try #require(throws: FileError.self) { try SafetensorsFile(path: path) }.kind == .missing)
  }
}
