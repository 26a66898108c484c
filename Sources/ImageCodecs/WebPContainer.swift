/// The relevant chunks of a WebP file (RFC 9649, section 2).
struct WebPContainer {
  let header: ImageHeader
  /// The WebP file to pass to libwebp: this file, or an animation's first frame rewritten as a still image.
  let still: Still

  enum Still {
    case wholeFile
    case frame([UInt8], size: ImageSize, left: Int, top: Int)
  }

  /// Reads all chunks.
  ///
  /// - Throws: ``ImageError`` if the file is truncated, or a chunk is invalid.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    guard bytes.starts(with: Array("RIFF".utf8)), let length = bytes.littleEndian32(at: 4), length >= 4 else {
      throw ImageError("is damaged: it does not begin with a RIFF header")
    }
    let end = length + 8
    guard end <= bytes.count else {
      throw ImageError("is cut off: expected \(end) bytes, found \(bytes.count); is the file complete?")
    }
    var size: ImageSize?
    var orientation: ImageOrientation?
    var frame: Range<Int>?
    var isAnimated = false
    var offset = 12
    while offset < end {
      guard let count = bytes.littleEndian32(at: offset + 4), count <= end - offset - 8 else {
        throw ImageError("is damaged: the chunk at byte \(offset) reaches beyond the end")
      }
      let data = offset + 8..<offset + 8 + count
      switch Self.name(bytes, at: offset) {
      case "VP8X":
        guard size == nil, let width = bytes.littleEndian24(at: data.lowerBound + 4),
          let height = bytes.littleEndian24(at: data.lowerBound + 7), count >= 10
        else { throw ImageError("is damaged: its header chunk is not one of 10 bytes at the beginning") }
        size = ImageSize(width: width + 1, height: height + 1)
        isAnimated = bytes[data.lowerBound] & 2 != 0
      case "VP8 ", "VP8L": if size == nil { size = try Self.pixelSize(bytes, at: offset) }
      case "ANMF": frame = frame ?? data
      case "EXIF": orientation = orientation ?? ImageOrientation(exif: bytes.extracting(data))
      case "XMP ": orientation = orientation ?? ImageOrientation(xmp: bytes.extracting(data))
      default: break
      }
      // Chunks begin at even offsets.
      offset = data.upperBound + count % 2
    }
    guard let size else { throw ImageError("holds no pixels") }
    // In the lossless format an image of one color takes no bits per pixel, so that the file's size does not limit the
    // number of pixels.
    header = try ImageHeader(
      .webP, width: size.width, height: size.height, orientation: orientation ?? .upright, mostPixels: .max)
    still = isAnimated ? try Self.firstFrame(bytes, frame, within: size) : .wholeFile
  }

  /// Returns the first frame of an animation as a still image without alpha channel.
  private static func firstFrame(
    _ bytes: Span<UInt8>, _ frame: Range<Int>?, within canvas: ImageSize
  ) throws(ImageError) -> Still {
    guard let frame, let x = bytes.littleEndian24(at: frame.lowerBound),
      let y = bytes.littleEndian24(at: frame.lowerBound + 3),
      let width = bytes.littleEndian24(at: frame.lowerBound + 6),
      let height = bytes.littleEndian24(at: frame.lowerBound + 9), frame.count > 16
    else { throw ImageError("is damaged: it is an animation without a frame") }
    let size = ImageSize(width: width + 1, height: height + 1)
    guard 2 * x + size.width <= canvas.width, 2 * y + size.height <= canvas.height else {
      throw ImageError("is damaged: its first frame reaches beyond the image")
    }
    var offset = frame.lowerBound + 16
    while offset + 8 <= frame.upperBound, let count = bytes.littleEndian32(at: offset + 4),
      count <= frame.upperBound - offset - 8
    {
      if ["VP8 ", "VP8L"].contains(name(bytes, at: offset)) {
        guard try pixelSize(bytes, at: offset) == size else {
          throw ImageError("is damaged: its first frame has two sizes")
        }
        let chunk = (offset..<offset + 8 + count).map { index in bytes[index] } + (count % 2 == 1 ? [0] : [])
        let length = UInt32(4 + chunk.count)
        let file = Array("RIFF".utf8) + (0..<4).map { byte in UInt8(truncatingIfNeeded: length >> (8 * byte)) }
        return .frame(file + Array("WEBP".utf8) + chunk, size: size, left: 2 * x, top: 2 * y)
      }
      offset += 8 + count + count % 2
    }
    throw ImageError("is damaged: its first frame holds no pixels")
  }

  /// Reads the size of the image from the first bytes of a chunk of pixels.
  private static func pixelSize(_ bytes: Span<UInt8>, at chunk: Int) throws(ImageError) -> ImageSize {
    let data = chunk + 8
    if name(bytes, at: chunk) == "VP8 ", bytes.starts(with: [0x9D, 0x01, 0x2A], at: data + 3),
      let width = bytes.littleEndian16(at: data + 6), let height = bytes.littleEndian16(at: data + 8)
    {
      return ImageSize(width: width & 0x3FFF, height: height & 0x3FFF)
    }
    if name(bytes, at: chunk) == "VP8L", bytes.starts(with: [0x2F], at: data),
      let fields = bytes.littleEndian32(at: data + 1)
    {
      return ImageSize(width: fields & 0x3FFF + 1, height: fields >> 14 & 0x3FFF + 1)
    }
    throw ImageError("is damaged: its pixels do not begin with a size")
  }

  private static func name(_ bytes: Span<UInt8>, at offset: Int) -> String {
    guard offset + 4 <= bytes.count else { return "" }
    return String(decoding: (offset..<offset + 4).map { index in bytes[index] }, as: UTF8.self)
  }
}
