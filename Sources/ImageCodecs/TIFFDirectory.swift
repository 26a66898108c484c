/// The tags of the first image in a TIFF file that give its size and orientation (TIFF 6.0, section 2; also BigTIFF).
struct TIFFDirectory {
  let header: ImageHeader

  private static let width = 256
  private static let height = 257
  private static let orientation = 274

  /// Reads the tags of the first image.
  ///
  /// - Throws: ``ImageError`` if the tags are truncated or do not give a size.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    let reader = Reader(
      isLittle: bytes.starts(with: [0x49]),
      isBig: bytes.starts(with: [0x2B], at: 2) || bytes.starts(with: [0x2B], at: 3))
    guard let directory = reader.offset(bytes, at: reader.isBig ? 8 : 4),
      let entryCount = reader.isBig
        ? reader.offset(bytes, at: directory) : reader.number(bytes, at: directory, bytes: 2),
      // A directory has few entries, so all are read.
      entryCount <= (bytes.count - directory) / reader.entryBytes
    else { throw ImageError("is cut off before the tags of its first image; is the file complete?") }
    var values: [Int: Int] = [:]
    for entry in 0..<entryCount {
      let place = directory + (reader.isBig ? 8 : 2) + entry * reader.entryBytes
      guard let tag = reader.number(bytes, at: place, bytes: 2),
        let type = reader.number(bytes, at: place + 2, bytes: 2)
      else { throw ImageError("is cut off in the tags of its first image; is the file complete?") }
      // Types BYTE, SHORT, LONG and LONG8; only the first value matters, which is in the entry itself if there are few.
      guard let width = [1: 1, 3: 2, 4: 4, 16: 8][type] else { continue }
      values[tag] = reader.number(bytes, at: place + (reader.isBig ? 12 : 8), bytes: width)
    }
    guard let width = values[Self.width], let height = values[Self.height] else {
      throw ImageError("is damaged: its first image has no size")
    }
    // Group 4 compression encodes a white row in one bit, so that the file's size does not limit the number of pixels.
    header = try ImageHeader(
      .tiff, width: width, height: height,
      orientation: values[Self.orientation].flatMap(ImageOrientation.init(rawValue:)) ?? .upright, mostPixels: .max)
  }

  /// A reader of integers in the file's byte order and width.
  private struct Reader {
    let isLittle: Bool
    let isBig: Bool

    var entryBytes: Int { isBig ? 20 : 12 }

    func offset(_ bytes: Span<UInt8>, at place: Int) -> Int? {
      number(bytes, at: place, bytes: isBig ? 8 : 4)
    }

    /// Returns the integer of up to 8 bytes at an offset; `nil` beyond the end or if the value exceeds 63 bits.
    func number(_ bytes: Span<UInt8>, at place: Int, bytes width: Int) -> Int? {
      guard place >= 0, place <= bytes.count - width else { return nil }
      let number = (0..<width).reduce(UInt64(0)) { number, index in
        number << 8 | UInt64(bytes[place + (isLittle ? width - 1 - index : index)])
      }
      return Int(exactly: number)
    }
  }
}
