import Formats
import TestSupport
import Testing

struct NumPyFileTests {
  /// The start of a file as NumPy's format description has it.
  private func start(version: UInt8 = 1, _ header: String) -> [UInt8] {
    let text = Array((header + "\n").utf8)
    let lengthBytes = version == 1 ? 2 : 4
    return [0x93] + Array("NUMPY".utf8) + [version, 0]
      + (0..<lengthBytes).map { index in UInt8(truncatingIfNeeded: text.count >> (8 * index)) } + text
  }

  private func dictionary(_ type: String, _ shape: String, order: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
  }

  private func error(_ bytes: [UInt8]) throws -> FileError {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(bytes, to: path)
    let error = try #require(throws: FileError.self) { try NumPyFile(path: path) }
    #expect(error.kind == .content && error.description.contains(path))
    return error
  }

  @Test(
    arguments: [
      ("|u1", 1, 255), ("<u2", 2, 65535), ("<u4", 4, 4_294_967_295), ("<u8", 8, nil), ("|i1", 1, 127),
      (">i2", 2, 32767), ("<i4", 4, 2_147_483_647), ("<i8", 8, Int64.max), ("|b1", 1, nil), ("<f4", 4, nil),
    ] as [(String, Int, Int64?)])
  func `the largest number of an integer type`(type: String, byteCount: Int, largest: Int64?) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary(type, "(1,)")) + [UInt8](repeating: 0, count: byteCount), to: path)
    #expect(try NumPyFile(path: path).type.largestInteger == largest)
  }

  @Test func `an array comes back`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    let values: [Double] = [1.5, -2, .pi, 1e300, -0.0, 6]
    try NumPyWriter.write(to: path, elementType: "<f8", shape: [3, 2]) { (append) throws(FileError) in
      let first = Array(values[..<2])
      let rest = Array(values[2...])
      unsafe try append(first.span.bytes)
      unsafe try append(rest.span.bytes)
    }
    let file = try NumPyFile(path: path)
    #expect(file.elementType == "<f8" && file.shape == [3, 2] && file.path == path)
    #expect(try file.doubles(0..<6) == values)
    #expect(try file.doubles(2..<4) == [.pi, 1e300])
    #expect(try file.doubles(3..<3).isEmpty)
  }

  @Test(arguments: [[], [5], [0], [10_000, 128], [1, 2, 3, 4], [123_456_789, 0]])
  func `the header is NumPy's, padded to 64 bytes`(shape: [Int]) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    let zeros = [Float](repeating: 0, count: shape.reduce(1, *))
    try NumPyWriter.write(to: path, elementType: "<f4", shape: shape) { (append) throws(FileError) in
      unsafe try append(zeros.span.bytes)
    }
    let bytes = try readBytes(path)
    let headerCount = Int(bytes[8]) | Int(bytes[9]) << 8
    #expect((10 + headerCount).isMultiple(of: 64))
    #expect(bytes.count == 10 + headerCount + 4 * zeros.count)
    let tuple: String
    switch shape.count {
    case 0: tuple = "()"
    case 1: tuple = "(\(shape[0]),)"
    default: tuple = "(\(shape.map(String.init).joined(separator: ", ")))"
    }
    let text = dictionary("<f4", tuple)
    let padded = text + String(repeating: " ", count: headerCount - text.utf8.count - 1)
    #expect(Array(bytes[..<(10 + headerCount)]) == start(padded))
    #expect(try NumPyFile(path: path).shape == shape)
  }

  @Test(arguments: [UInt8(1), 2, 3])
  func `all versions of the format are read`(version: UInt8) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(version: version, dictionary("<f4", "(2,)")) + [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], to: path)
    let file = try NumPyFile(path: path)
    #expect(file.shape == [2])
    #expect(try file.floats(0..<2) == [1, -2])
  }

  @Test(arguments: [
    "{'shape':(2,), 'fortran_order' : False,'descr':'<f4'}",
    "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2,)}",
    "{ 'descr' : '<f4' ,\n 'fortran_order':False,\t'shape' :( 2 , ) , }   ",
    "{'descr': u'=f4', 'fortran_order': False, 'shape': (2L,), }",
    "{'descr': 'float32', 'fortran_order': False, 'shape': (2,), 'more': None}",
    "{'descr': 'f', 'fortran_order': False, 'shape': (2,)}",
    "{'shape': (2,), 'descr': '>f4', 'descr': '|f4', 'fortran_order': False}",
  ]) func `any literal of the header is read`(header: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(header) + [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], to: path)
    let file = try NumPyFile(path: path)
    #expect(file.shape == [2] && file.type.name == "float32")
    #expect(try file.floats(0..<2) == [1, -2])
  }

  /// 1, −2 and 65504 or 0.5 by their bit patterns.
  @Test(arguments: [
    ("<f2", [0, 0x3C, 0, 0xC0, 0xFF, 0x7B] as [UInt8], [1, -2, 65504] as [Double]),
    (">f2", [0x3C, 0, 0xC0, 0, 0x7B, 0xFF], [1, -2, 65504]),
    ("<V2", [0x80, 0x3F, 0, 0xC0, 0, 0x3F], [1, -2, 0.5]),
    (">f4", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0, 0x3F, 0, 0, 0], [1, -2, 0.5]),
    (">f8", [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0x3F, 0xE0, 0, 0, 0, 0, 0, 0], [1, -2, 0.5]),
  ]) func `floating-point numbers of any width and byte order are read`(
    type: String, bytes: [UInt8], values: [Double]
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary(type, "(3,)")) + bytes, to: path)
    let file = try NumPyFile(path: path)
    #expect(try file.doubles(0..<3) == values)
    #expect(try file.floats(1..<3) == values[1...].map(Float.init))
    #expect(file.type.isFloatingPoint && file.type.fitsFloat == (type != ">f8"))
  }

  @Test func `Fortran order becomes rows`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    // [[0, 1, 2], [3, 4, 5]] by columns.
    try writeBytes(start(dictionary("<i2", "(2, 3)", order: "True")) + [0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0], to: path)
    #expect(try NumPyFile(path: path).integers(0..<6) == [0, 1, 2, 3, 4, 5])
    // Element [i, j, k] is 100 i + 10 j + k.
    let bytes: [UInt8] = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121]
    try writeBytes(start(dictionary("|u1", "(2, 3, 2)", order: "True")) + bytes, to: path)
    let rows: [Int64] = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]
    #expect(try NumPyFile(path: path).integers(0..<12) == rows)
    try writeBytes(start(dictionary("|u1", "(0, 3)", order: "True")), to: path)
    #expect(try NumPyFile(path: path).integers(0..<0).isEmpty)
  }

  @Test func `big-endian integers are read`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary(">i4", "(2,)")) + [0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 1, 0], to: path)
    #expect(try NumPyFile(path: path).integers(0..<2) == [-2, 256])
  }

  @Test(arguments: [
    ("|i1", [0x80, 0x7F] as [UInt8], [-128, 127] as [Int64]), ("|u1", [0, 0xFF], [0, 255]), ("|b1", [0, 1], [0, 1]),
    ("<i2", [0, 0x80, 1, 0], [-32768, 1]), ("<u2", [0xFF, 0xFF, 1, 0], [65535, 1]),
    ("<i4", [0, 0, 0, 0x80, 1, 0, 0, 0], [-2_147_483_648, 1]),
    ("<u4", [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0], [4_294_967_295, 1]),
    ("<i8", [0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0], [.min, 1]),
    ("<u8", [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [2, 1]),
  ])
  func `integers of any width are read`(type: String, bytes: [UInt8], values: [Int64]) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary(type, "(2,)")) + bytes, to: path)
    let file = try NumPyFile(path: path)
    #expect(try file.integers(0..<2) == values)
    #expect(try file.integers(1..<2) == [values[1]])
  }

  @Test func `floating-point labels are no integers`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary("<f4", "(1,)")) + [0, 0, 0x80, 0x3F], to: path)
    let error = try #require(throws: FileError.self) { try NumPyFile(path: path).integers(0..<1) }
    #expect(error.kind == .content && error.description.contains("<f4"))
    #expect(error.description.contains(".astype('int64')"))
    try writeBytes(start(dictionary("|u1", "(1,)")) + [1], to: path)
    let other = try #require(throws: FileError.self) { try NumPyFile(path: path).floats(0..<1) }
    #expect(other.description.contains(".astype('float32')"))
  }

  @Test func `the command that converts a file names it to the shell`() {
    let command = NumPyFile.conversion("it's $5.npy", ".ravel()")
    #expect(command.hasPrefix(#"python3 -c "import sys, numpy as np; "#))
    #expect(command.hasSuffix(#"np.load(sys.argv[1]).ravel())" 'it'\''s $5.npy'"#))
    // A quote with an accent on it is one character and still a quote to the shell.
    #expect("it'\u{301}s".shellQuoted == "'it'\\''\u{301}s'")
  }

  @Test func `what cannot be read is refused`() throws {
    let eight = [UInt8](repeating: 0, count: 8)
    // Texts, complex numbers, times, records of bytes.
    for type in ["<U2", "|S2", "<c16", "<m8[s]", "|V4", "|V2", "|O", "<x", "<f16", "<f0", "<i-4", ""] {
      let error = try error(start(dictionary(type, "(2,)")) + eight)
      #expect(error.description.contains("elements of type \(type),"))
    }
    for header in [
      dictionary("<f4", "(-2,)"), dictionary("<f4", "(2"), dictionary("<f4", "two"), dictionary("<f4", "(2)"),
      dictionary("<f4", "[2]"),
      dictionary("<f4", "(9223372036854775807, 8)"), dictionary("<f4", "(4611686018427387904,)"),
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "{'fortran_order': False, 'shape': (2,)}",
      dictionary("<f4", "(2,)", order: "1"), dictionary("<f4", "(2,)") + "}",
      String(repeating: "(", count: 100_000), "{'descr': '<f4', 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False}", "",
    ] {
      _ = try error(start(header) + eight)
    }
    #expect(try error(start(version: 4, dictionary("<f4", "(2,)")) + eight).description.contains("a newer version"))
    #expect(try error([]).description.contains("is empty; expected a .npy file"))
    _ = try error(Array("PK\u{3}\u{4} a zip, as .npz is".utf8))
    let structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }"
    #expect(try error(start(structured) + eight).description.contains("structured"))
    #expect(try error([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0]).description.contains("HDF5"))
    #expect(try error(Array("1.0, 2.0, 3.0\n".utf8)).description.contains("text"))
    // A header that claims 65,535 or 4 billion bytes.
    _ = try error([0x93] + Array("NUMPY".utf8) + [1, 0, 0xFF, 0xFF] + eight)
    _ = try error([0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF] + eight)
  }

  @Test func `a file too short or too long says both numbers`() throws {
    let header = start(dictionary("<f4", "(2, 3)"))
    let short = try error(header + Array(repeating: 0, count: 23))
    #expect(short.description.contains("24") && short.description.contains("23"))
    let long = try error(header + Array(repeating: 0, count: 25))
    #expect(long.description.contains("24") && long.description.contains("25"))
    let whole = header + Array(repeating: 0, count: 24)
    for count in 0..<whole.count {
      _ = try error(Array(whole[..<count]))
    }
  }

  @Test func `a vector in Fortran order is a vector`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npy")
    try writeBytes(start(dictionary("<f4", "(1,)", order: "True")) + [0, 0, 0x80, 0x3F], to: path)
    #expect(try NumPyFile(path: path).floats(0..<1) == [1])
  }
}
