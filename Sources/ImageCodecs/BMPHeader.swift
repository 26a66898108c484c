/// The header of a Windows bitmap: BITMAPCOREHEADER, BITMAPINFOHEADER or a longer successor.
struct BMPHeader {
  /// The compression of the pixels, with its code in the file.
  enum Compression: Int {
    case none = 0
    case runLength8 = 1
    case runLength4 = 2
    case bitFields = 3
    case alphaBitFields = 6
  }

  let header: ImageHeader
  let bitsPerPixel: Int
  let compression: Compression
  let isTopDown: Bool
  /// The file offset of the pixel data.
  let pixelOffset: Int
  /// The bit masks of red, green and blue in pixels of 16 and 32 bits.
  let masks: [UInt32]
  /// The palette: its file offset, number of colors, and bytes per color (blue, green, red, and often a fourth).
  let palette: (offset: Int, count: Int, stride: Int)

  /// The number of bytes of an uncompressed row, a multiple of 4.
  var rowBytes: Int { (header.storedSize.width * bitsPerPixel + 31) / 32 * 4 }

  /// Reads the header of a bitmap.
  ///
  /// - Throws: ``ImageError`` if the header is truncated or of an unsupported kind.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    guard let offset = bytes.littleEndian32(at: 10), let length = bytes.littleEndian32(at: 14) else {
      throw ImageError("is cut off in its header; is the file complete?")
    }
    let isCore = length == 12
    guard isCore || (40...1024).contains(length), 14 + length <= bytes.count else {
      throw ImageError("is no bitmap of Windows, or cut off: its header claims \(length) bytes")
    }
    func signed(_ place: Int) -> Int { Int(Int32(truncatingIfNeeded: bytes.littleEndian32(at: place) ?? 0)) }
    let width = isCore ? bytes.littleEndian16(at: 18) ?? 0 : signed(18)
    let height = isCore ? bytes.littleEndian16(at: 20) ?? 0 : signed(22)
    bitsPerPixel = bytes.littleEndian16(at: isCore ? 24 : 28) ?? 0
    isTopDown = height < 0
    pixelOffset = offset
    let code = isCore ? 0 : signed(30)
    guard let compression = Compression(rawValue: code), Self.depths(compression).contains(bitsPerPixel) else {
      throw ImageError(
        "is a bitmap of \(bitsPerPixel) bits a pixel with compression \(code), which is not decoded here; convert it to PNG"
      )
    }
    self.compression = compression
    let hasMasks = [.bitFields, .alphaBitFields].contains(compression)
    masks =
      hasMasks
      ? [54, 58, 62].map { place in UInt32(bytes.littleEndian32(at: place) ?? 0) }
      : bitsPerPixel == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0xFF00, 0xFF]
    let stride = isCore ? 3 : 4
    let start = 14 + length + (hasMasks && length == 40 ? 4 * (compression == .bitFields ? 3 : 4) : 0)
    let used = isCore ? 0 : max(signed(46), 0)
    let most = bitsPerPixel <= 8 ? 1 << bitsPerPixel : 0
    palette = (start, min(used == 0 ? most : used, most), stride)
    let dataCount = max(bytes.count - offset, 0)
    // A run takes two bytes, a jump of up to 255 rows four.
    let mostPixels =
      [.runLength8, .runLength4].contains(compression)
      ? dataCount.multipliedReportingOverflow(by: 65536).partialValue
      : dataCount * 8 / max(bitsPerPixel, 1)
    header = try ImageHeader(
      .bmp, width: max(width, 0), height: abs(height), orientation: .upright, mostPixels: mostPixels)
    guard !masks.contains(0) || bitsPerPixel <= 8 else { throw ImageError("is damaged: a color has no bits") }
    guard palette.offset + palette.count * palette.stride <= bytes.count else {
      throw ImageError("is cut off in its palette; is the file complete?")
    }
  }

  private static func depths(_ compression: Compression) -> [Int] {
    switch compression {
    case .none: [1, 4, 8, 16, 24, 32]
    case .runLength8: [8]
    case .runLength4: [4]
    case .bitFields, .alphaBitFields: [16, 32]
    }
  }
}
