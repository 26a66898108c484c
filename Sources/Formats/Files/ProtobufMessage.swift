/// A message in the wire format of Protocol Buffers, field by field.
///
/// A field is a varint (number of the field · 8 + kind of data), then a varint, four or eight bytes, or a length and so many bytes. Long
/// vectors are kept as they are until the message is written: a model's weights are never copied.
struct ProtobufMessage: Sendable {
  private enum Piece: Sendable {
    case bytes([UInt8])
    case floats(ArraySlice<Float>)
  }

  /// The kinds of fields that occur here.
  private enum Kind: Int {
    case varint = 0
    case eightBytes = 1
    case lengthAndBytes = 2
    case fourBytes = 5
  }

  /// The encoded size in bytes.
  private(set) var byteCount = 0
  private var pieces: [Piece] = []

  /// A whole number or the number of an enumeration's case.
  mutating func add(_ field: Int, _ number: Int) {
    begin(field, .varint)
    append(varint: UInt64(bitPattern: Int64(number)))
  }

  /// A repeated field of whole numbers.
  mutating func add(_ field: Int, _ numbers: [Int]) {
    for number in numbers {
      add(field, number)
    }
  }

  /// A float32 number.
  mutating func add(_ field: Int, _ number: Float) {
    begin(field, .fourBytes)
    append((0..<4).map { byte in UInt8(truncatingIfNeeded: number.bitPattern >> (8 * byte)) })
  }

  /// A float64 number.
  mutating func add(_ field: Int, _ number: Double) {
    begin(field, .eightBytes)
    append(Self.littleEndian(number))
  }

  /// A repeated field of float64 numbers in one piece.
  mutating func add(_ field: Int, packed numbers: [Double]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(8 * numbers.count))
    append(numbers.flatMap(Self.littleEndian))
  }

  private static func littleEndian(_ number: Double) -> [UInt8] {
    (0..<8).map { byte in UInt8(truncatingIfNeeded: number.bitPattern >> (8 * byte)) }
  }

  /// Bytes as they are.
  mutating func add(_ field: Int, bytes: [UInt8]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(bytes.count))
    append(bytes)
  }

  /// A text.
  mutating func add(_ field: Int, _ text: String) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(text.utf8.count))
    append(Array(text.utf8))
  }

  /// Bytes: float32 numbers, little-endian.
  mutating func add(_ field: Int, bytesOf floats: ArraySlice<Float>) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(4 * floats.count))
    pieces.append(.floats(floats))
    byteCount += 4 * floats.count
  }

  /// Bytes: whole numbers of 64 bits, little-endian.
  mutating func add(_ field: Int, bytesOf numbers: [Int64]) {
    begin(field, .lengthAndBytes)
    append(varint: UInt64(8 * numbers.count))
    append(numbers.flatMap { number in (0..<8).map { byte in UInt8(truncatingIfNeeded: number >> (8 * byte)) } })
  }

  /// A message within this one.
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

  /// The encoded message.
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

  /// Writes the message as a file, whole or not at all.
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

  /// Seven bits a byte, the lowest first; all but the last byte have the highest bit set.
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
    // Taken out first, so that it is not copied.
    pieces.removeLast()
    last += bytes
    pieces.append(.bytes(last))
  }
}
