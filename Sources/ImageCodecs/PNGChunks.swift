/// The chunks of a PNG file that describe the image or determine its pixel values (ISO/IEC 15948, clause 5).
struct PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The interpretation of the values stored for each pixel.
  enum ColorType: UInt8 {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgbAlpha = 6

    /// The number of values stored per pixel, for example 2 for gray with alpha.
    var channelCount: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgbAlpha: 4
      }
    }

    /// The bit depths that the PNG standard allows for this color type.
    var depths: [UInt8] {
      switch self {
      case .gray: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .grayAlpha, .rgbAlpha: [8, 16]
      }
    }
  }

  let header: ImageHeader
  let colorType: ColorType
  /// The bits per stored value.
  let depth: UInt8

  private let headerData: Range<Int>
  private let palette: Range<Int>?
  /// The file ranges of the complete chunks of compressed pixels (IDAT).
  private let pixelChunks: [Range<Int>]

  /// The largest compression factor of deflate (RFC 1951: 258 bytes in 2 bits).
  private static let largestCompression = 1032

  /// Reads the chunks of a PNG file.
  ///
  /// - Throws: ``ImageError`` if the header, the palette or the pixels are missing, invalid or truncated.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    let found = try Found(in: bytes)
    guard let headerData = found.header, let width = bytes.bigEndian32(at: headerData.lowerBound),
      let height = bytes.bigEndian32(at: headerData.lowerBound + 4)
    else { throw ImageError("is cut off in its header") }
    let depth = bytes[headerData.lowerBound + 8]
    guard let colorType = ColorType(rawValue: bytes[headerData.lowerBound + 9]), colorType.depths.contains(depth) else {
      throw ImageError(
        "is damaged: it has the color type \(bytes[headerData.lowerBound + 9]) with samples of \(depth) bits, which PNG does not know"
      )
    }
    guard !found.pixelChunks.isEmpty else { throw ImageError("holds no pixels") }
    guard colorType != .palette || found.palette != nil else { throw ImageError("is damaged: it has no palette") }
    self.colorType = colorType
    self.depth = depth
    self.headerData = headerData
    palette = found.palette
    pixelChunks = found.pixelChunks
    header = try ImageHeader(
      .png, width: width, height: height, orientation: found.exif ?? found.xmp ?? .upright,
      mostPixels: found.pixelByteCount * Self.largestCompression * 8 / (colorType.channelCount * Int(depth)))
  }

  /// The file ranges of the relevant chunks that were found so far.
  private struct Found {
    var header: Range<Int>?
    var palette: Range<Int>?
    var pixelChunks: [Range<Int>] = []
    var pixelByteCount = 0
    var exif: ImageOrientation?
    var xmp: ImageOrientation?

    init(in bytes: Span<UInt8>) throws(ImageError) {
      var offset = PNGChunks.signature.count
      // A missing end chunk is harmless if all pixels are there.
      while offset < bytes.count {
        guard let length = bytes.bigEndian32(at: offset), let type = bytes.bigEndian32(at: offset + 4),
          length <= bytes.count - offset - 12
        else {
          // A truncated chunk after the first pixels need not contain pixels; libpng detects whether some are missing.
          guard header != nil, !pixelChunks.isEmpty else { throw ImageError("is cut off before its pixels") }
          return
        }
        let chunk = offset..<offset + 12 + length
        guard header != nil || type == PNGChunks.name("IHDR") else {
          throw ImageError("is damaged: it does not begin with a header")
        }
        guard type != PNGChunks.name("IEND") else { return }
        try add(type, chunk, of: bytes)
        offset = chunk.upperBound
      }
    }

    private mutating func add(_ type: Int, _ chunk: Range<Int>, of bytes: Span<UInt8>) throws(ImageError) {
      let data = chunk.lowerBound + 8..<chunk.upperBound - 4
      switch type {
      case PNGChunks.name("IHDR"):
        guard header == nil, data.count == 13 else {
          throw ImageError("is damaged: its header is not one of 13 bytes")
        }
        try PNGChunks.check(bytes, data)
        header = data
      case PNGChunks.name("PLTE"):
        try PNGChunks.check(bytes, data)
        palette = palette ?? data
      case PNGChunks.name("IDAT"):
        pixelChunks.append(chunk)
        pixelByteCount += data.count
      case PNGChunks.name("eXIf"):
        exif = exif ?? ImageOrientation(exif: bytes.extracting(data))
      case PNGChunks.name("iTXt"):
        xmp = xmp ?? PNGChunks.orientation(inText: bytes.extracting(data))
      default:
        // A capital first letter marks a critical chunk, without which the image cannot be decoded.
        guard type & 0x2000_0000 != 0 else {
          throw ImageError("is damaged: at byte \(chunk.lowerBound) it has a chunk that PNG does not know")
        }
      }
    }
  }

  /// Returns a PNG file with the same stored pixels, without the chunks that change decoded values (color space,
  /// transparency, background).
  ///
  /// - Parameters:
  ///   - bytes: The file that these chunks were read from.
  ///   - other: The color type and depth to declare in place of the actual ones; one 16-bit value can thus be decoded
  ///     as two 8-bit values.
  /// - Returns: The file: header, complete palette, pixels.
  func plainFile(of bytes: Span<UInt8>, as other: (type: ColorType, depth: UInt8)? = nil) -> [UInt8] {
    var header = Self.copy(bytes, headerData)
    if let other {
      (header[8], header[9]) = (other.depth, other.type.rawValue)
    }
    var file = Self.signature
    file.reserveCapacity(pixelChunks.reduce(1024) { sum, chunk in sum + chunk.count })
    Self.append("IHDR", header, to: &file)
    if colorType == .palette {
      // Palette indices without a color become black.
      let colors = 3 << Int(depth)
      let given = palette.map { palette in Self.copy(bytes, palette) } ?? []
      let complete = Array(given.prefix(colors)) + Array(repeating: 0, count: max(0, colors - given.count))
      Self.append("PLTE", complete, to: &file)
    }
    for chunk in pixelChunks {
      unsafe bytes.extracting(chunk).withUnsafeBufferPointer { chunk in unsafe file.append(contentsOf: chunk) }
    }
    Self.append("IEND", [], to: &file)
    return file
  }
}

extension PNGChunks {
  fileprivate static func name(_ text: StaticString) -> Int {
    unsafe UnsafeBufferPointer(start: text.utf8Start, count: 4).reduce(0) { number, byte in number << 8 | Int(byte) }
  }

  private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    unsafe bytes.extracting(range).withUnsafeBufferPointer { bytes in unsafe Array(bytes) }
  }

  /// Verifies the checksum of a chunk that is copied into a new file; libpng verifies those of the pixels.
  fileprivate static func check(_ bytes: Span<UInt8>, _ data: Range<Int>) throws(ImageError) {
    let expected = cyclicRedundancy(copy(bytes, data.lowerBound - 4..<data.upperBound))
    guard bytes.bigEndian32(at: data.upperBound) == Int(expected) else {
      throw ImageError("is damaged: its header or palette does not match its checksum")
    }
  }

  /// Reads the orientation from an uncompressed XMP packet in an international text chunk (iTXt).
  fileprivate static func orientation(inText text: Span<UInt8>) -> ImageOrientation? {
    let keyword = Array("XML:com.adobe.xmp\0\0".utf8)
    guard text.starts(with: keyword) else { return nil }
    return ImageOrientation(xmp: text.extracting(keyword.count..<text.count))
  }

  private static func append(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
    let typed = Array(type.utf8) + data
    file += bigEndian(UInt32(data.count)) + typed + bigEndian(cyclicRedundancy(typed))
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { shift in UInt8(truncatingIfNeeded: number >> shift) }
  }

  /// Returns the CRC-32 of PNG chunks (ISO 3309), computed bit by bit, which suffices for the short chunks written
  /// here.
  private static func cyclicRedundancy(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { remainder, byte in
      (0..<8).reduce(remainder ^ UInt32(byte)) { remainder, _ in
        remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
      }
    }
  }
}
