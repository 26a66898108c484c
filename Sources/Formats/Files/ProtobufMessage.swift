/// A message in the wire format of Protocol Buffers, built field by field.
///
/// A field is a tag, the varint (field number · 8 + wire type), followed by a varint, four or eight bytes, or a length
/// and that number of bytes. Long vectors are referenced until the message is written, so that a model's weights are
/// never copied.
struct ProtobufMessage: Sendable {
  private enum Piece: Sendable {
    case bytes([UInt8])
    case floats(ArraySlice<Float>)
  }

  /// The wire types that are used here.
  private enum Kind: Int {
    case varint = 0
    case eightBytes = 1
    case lengthAndBytes = 2
    case fourBytes = 5
  }

  /// The size of the encoded message in bytes.
  private(set) var byteCount = 0
  private var pieces: [Piece] = []

  /// Adds an integer or enumeration field.
  mutating func add(_ field: Int, _ number: Int) {
    begin(field, .varint)
    append(varint: UInt64(bitPattern: Int64(number)))
  }

  /// Adds a repeated field of integers.
  mutating func add(_ field: Int, _ numbers: [Int]) {
    for number in numbers {
      add(field, number)
    }
  }

  /// Adds a field that is a float32 number.
  mutating func add(_ field: Int, _ number: Float) {
    begin(field, .fourBytes)
    append((0..<4).map { byte in UInt8(truncatingIfNeeded: number.bitPattern >> (8 * byte)) })
  }

  /// Adds a field that is a float64 number.
  mutating func add(_ field: Int, _ number: Double) {
    begin(field, .eightBytes)
    append(Self.littleEndian(number))
  }

  /// Adds a packed repeated field of float64 numbers.
  mutating func add(_ field: Int, packed numbers: [Double]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(8 * numbers.count))
    append(numbers.flatMap(Self.littleEndian))
  }

  private static func littleEndian(_ number: Double) -> [UInt8] {
    (0..<8).map { byte in UInt8(truncatingIfNeeded: number.bitPattern >> (8 * byte)) }
  }

  /// Adds a field that is a byte string.
  mutating func add(_ field: Int, bytes: [UInt8]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(bytes.count))
    append(bytes)
  }

  /// Adds a field of UTF-8 text.
  mutating func add(_ field: Int, _ text: String) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(text.utf8.count))
    append(Array(text.utf8))
  }

  /// Adds a field of bytes that holds float32 numbers, little-endian.
  mutating func add(_ field: Int, bytesOf floats: ArraySlice<Float>) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(4 * floats.count))
    pieces.append(.floats(floats))
    byteCount += 4 * floats.count
  }

  /// Adds a field of bytes that holds 64-bit integers, little-endian.
  mutating func add(_ field: Int, bytesOf numbers: [Int64]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(8 * numbers.count))
    append(numbers.flatMap { number in (0..<8).map { byte in UInt8(truncatingIfNeeded: number >> (8 * byte)) } })
  }

  /// Adds a field that is a nested message.
  mutating func add(_ field: Int, _ message: ProtobufMessage) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(message.byteCount))
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes): append(bytes)
      case .floats(let floats):
        pieces.append(.floats(floats))
        byteCount += 4 * floats.count
      }
    }
  }

  /// The encoded message as bytes.
  var encoded: [UInt8] {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(byteCount)
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): encoded += bytes
      case .floats(let floats): unsafe floats.withUnsafeBytes { bytes in unsafe encoded.append(contentsOf: bytes) }
      }
    }
    return encoded
  }

  /// Writes the encoded message to a file atomically.
  func write(to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      for piece in pieces {
        switch piece {
        case .bytes(let bytes): unsafe try file.append(bytes.span.bytes)
        // Little-endian as in memory: the package builds for x86-64 and arm64 only.
        case .floats(let floats): unsafe try file.append(floats.span.bytes)
        }
      }
    }
  }

  private mutating func begin(_ field: Int, _ kind: Kind) {
    append(varint: UInt64(field << 3 | kind.rawValue))
  }

  /// Appends a varint: seven bits per byte, the lowest first; all bytes but the last have the highest bit set.
  private mutating func append(varint: UInt64) {
    var rest = varint
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(bytes + [UInt8(rest)])
  }

  private mutating func append(_ bytes: [UInt8]) {
    byteCount += bytes.count
    guard case .bytes(var last) = pieces.last else {
      pieces.append(.bytes(bytes))
      return
    }
    // The array is removed from the list first, so that it is uniquely referenced and appending does not copy it.
    pieces.removeLast()
    last += bytes
    pieces.append(.bytes(last))
  }
}
