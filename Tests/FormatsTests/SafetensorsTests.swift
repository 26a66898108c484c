import Formats
import TestSupport
import Testing

struct SafetensorsTests {
  @Test func `tensors and metadata come back`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let weights: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, 3.5, -2]
    let metadata = ["format": "pt", "text": "\"quoted\" \\ \n \u{1} ü"]
    try SafetensorsWriter.write(
      to: path, metadata: metadata,
      tensors: [
        NamedTensor(name: "layer1.0.conv1.weight", shape: [2, 3], elements: weights[...]),
        NamedTensor(name: "scalar", shape: [], elements: weights[4..<5]),
        NamedTensor(name: "empty", shape: [0, 7], elements: []),
        NamedTensor(name: "z \"odd\" name", shape: [2], elements: weights[4...]),
      ])
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == metadata)
    #expect(
      Set(file.entries.keys) == ["layer1.0.conv1.weight", "scalar", "empty", "z \"odd\" name", "checksum.sha256"])
    let found = try file.floats("layer1.0.conv1.weight", shape: [2, 3])
    #expect(found.map(\.bitPattern) == weights.map(\.bitPattern))
    #expect(try file.floats("scalar", shape: []) == [3.5])
    #expect(try file.floats("empty", shape: [0, 7]).isEmpty)
    #expect(try file.floats("z \"odd\" name", shape: [2]) == [3.5, -2])
    let names = try directory.names()
    #expect(names == ["a.safetensors"])
  }

  @Test func `asking for what is not there names it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let elements: [Float] = [1, 2, 3, 4, 5, 6]
    try SafetensorsWriter.write(
      to: path, metadata: [:], tensors: [NamedTensor(name: "w", shape: [2, 3], elements: elements[...])])
    let file = try SafetensorsFile(path: path)
    let missing = try #require(throws: FileError.self) { try file.floats("v", shape: [2, 3]) }
    #expect(missing.kind == .content && missing.description.contains("v"))
    let shape = try #require(throws: FileError.self) { try file.floats("w", shape: [3, 2]) }
    #expect(shape.description.contains("[2, 3]") && shape.description.contains("[3, 2]"))
    #expect(throws: FileError.self) { try file.floats("checksum.sha256", shape: [8]) }
  }

  /// Byte by byte as the format's description has it.
  @Test func `the layout is the format's`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let elements: [Float] = [1, -2]
    try SafetensorsWriter.write(
      to: path, metadata: ["k": "v"], tensors: [NamedTensor(name: "w", shape: [2, 1], elements: elements[...])])
    let bytes = try readBytes(path)
    let headerCount = (0..<8).reduce(0) { count, index in count | Int(bytes[index]) << (8 * index) }
    #expect(headerCount.isMultiple(of: 8))
    let header = String(decoding: bytes[8..<8 + headerCount], as: UTF8.self)
    let json = """
      {"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
      "checksum.sha256":{"dtype":"U8","shape":[32],"data_offsets":[8,40]}}
      """
    #expect(header.hasPrefix(json))
    #expect(header.dropFirst(json.count).allSatisfy { character in character == " " })
    let data = Array(bytes[(8 + headerCount)...])
    #expect(data.count == 40)
    // 1.0 is 3f800000 and −2.0 is c0000000, least significant byte first.
    #expect(Array(data[..<8]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    let digest = SHA256()
    let before = Array(bytes.dropLast(32))
    unsafe digest.update(before.span.bytes)
    let expected = digest.finalize()
    #expect(Array(data[8...]) == expected)
    #expect(try SafetensorsFile(path: path).checksum == SHA256.hexadecimal(expected))
  }

  @Test func `without a checksum nothing but the tensors stands there`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let (counts, elements): ([Int64], [Float]) = ([7], [1, -2])
    try SafetensorsWriter.write(
      to: path, metadata: ["format": "pt"],
      tensors: [
        TensorDescription(name: "n", type: .int64, shape: []), TensorDescription(name: "w", type: .float32, shape: [2]),
      ], hasChecksum: false
    ) { (append) throws(FileError) in
      unsafe try append(counts.span.bytes)
      unsafe try append(elements.span.bytes)
    }
    #expect(throws: FileError.self) { try SafetensorsFile(path: path) }
    let file = try SafetensorsFile(path: path, needsChecksum: false)
    #expect(file.checksum == nil && Set(file.entries.keys) == ["n", "w"])
    #expect(try file.floats("w", shape: [2]) == [1, -2])
    #expect(throws: FileError.self) { try file.floats("n", shape: []) }
    #expect(Array(try readBytes(path).suffix(16)) == [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
  }

  @Test(arguments: ["F64", "I64", "U64", "C64", "NEW"])
  func `a tensor of any type spoils nothing that is used`(type: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let header =
      "{\"odd\":{\"dtype\":\"\(type)\",\"shape\":[1],\"data_offsets\":[0,8]},"
      + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}"
    let length = (0..<8).map { byte in UInt8(truncatingIfNeeded: header.utf8.count >> (8 * byte)) }
    try writeBytes(length + Array(header.utf8) + [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0xC0], to: path)
    let file = try SafetensorsFile(path: path, needsChecksum: false)
    #expect(try file.floats("w", shape: [1]) == [-2])
    #expect(file.entries["odd"]?.type.rawValue == type)
    if type == "F64" {
      #expect(try file.floats("odd", shape: [1]) == [1])
    } else {
      let error = try #require(throws: FileError.self) { try file.floats("odd", shape: [1]) }
      #expect(error.description.contains("odd is \(type) [1]") && error.description.contains(".float()"))
      #expect(!error.description.contains("damaged"))
    }
  }

  /// 1, −2, the smallest and the largest number, and what has no value, by the OCP specification of 8-bit floating
  /// point.
  @Test(arguments: [
    ("F8_E4M3", [0x38, 0xC0, 0x01, 0x7E] as [UInt8], [1, -2, 0x1p-9, 448] as [Float], UInt8(0x7F)),
    ("F8_E5M2", [0x3C, 0xC0, 0x01, 0x7B], [1, -2, 0x1p-16, 57344], 0x7E),
  ])
  func `numbers of 8 bits are widened`(type: String, patterns: [UInt8], expected: [Float], nan: UInt8) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let header = "{\"w\":{\"dtype\":\"\(type)\",\"shape\":[5],\"data_offsets\":[0,5]}}"
    let length = (0..<8).map { byte in UInt8(truncatingIfNeeded: header.utf8.count >> (8 * byte)) }
    try writeBytes(length + Array(header.utf8) + patterns + [nan], to: path)
    let floats = try SafetensorsFile(path: path, needsChecksum: false).floats("w", shape: [5])
    #expect(Array(floats[..<4]) == expected && floats[4].isNaN)
  }

  /// Bit patterns from the definitions of the types: 1, −2, the smallest subnormal number and the largest number.
  @Test(arguments: [
    ("F16", [0x3C00, 0xC000, 0x0001, 0x7BFF] as [UInt16], [1, -2, 0x1p-24, 65504] as [Float]),
    ("BF16", [0x3F80, 0xC000, 0x0001, 0x7F7F], [1, -2, 0x1p-133, 0x1.FEp127]),
  ])
  func `shorter numbers are widened`(type: String, patterns: [UInt16], expected: [Float]) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let header = "{\"w\":{\"dtype\":\"\(type)\",\"shape\":[2,2],\"data_offsets\":[0,8]}}"
    let length = (0..<8).map { byte in UInt8(truncatingIfNeeded: header.utf8.count >> (8 * byte)) }
    try writeBytes(
      length + Array(header.utf8) + patterns.flatMap { bits in [UInt8(bits & 0xFF), UInt8(bits >> 8)] }, to: path)
    #expect(try SafetensorsFile(path: path, needsChecksum: false).floats("w", shape: [2, 2]) == expected)
  }
}
