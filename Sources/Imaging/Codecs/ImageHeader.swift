/// What an encoded image says of itself, read without decoding it.
///
/// Nothing is believed before it fits the bytes: whoever holds a header may make room for its pixels.
public struct ImageHeader: Sendable, Equatable {
  /// How an image is encoded.
  public enum Format: String, Sendable {
    /// ISO/IEC 10918-1.
    case jpeg = "JPEG"
    /// ISO/IEC 15948.
    case png = "PNG"
  }

  /// The most pixels that an image may have: as many as Pillow opens, 512 MiB of them.
  public static let pixelLimit = 178_956_970

  /// The encoding, told by the first bytes: a file's name plays no part.
  public let format: Format
  /// The extent of the pixels as they are stored, before ``orientation`` is applied.
  public let storedSize: ImageSize
  /// How the stored pixels are to be turned.
  public let orientation: ImageOrientation

  /// The extent of the image, turned as it is meant to be seen.
  public var size: ImageSize { orientation.size(ofStored: storedSize) }

  /// Reads what stands before the pixels.
  ///
  /// - Parameter bytes: The whole file.
  /// - Throws: ``ImageError`` if this is no JPEG or PNG, is cut off, or declares more pixels than the limit or than so few bytes can hold.
  public init(of bytes: Span<UInt8>) throws(ImageError) {
    if bytes.starts(with: PNGChunks.signature) {
      self = try PNGChunks(of: bytes).header
    } else if bytes.starts(with: JPEGMarkers.signature) {
      self = try JPEGMarkers(of: bytes).header
    } else {
      throw Self.unknownFormat(bytes)
    }
  }

  /// A header whose size was declared by the file.
  ///
  /// - Parameters:
  ///   - format: The encoding.
  ///   - width: The declared width.
  ///   - height: The declared height.
  ///   - orientation: How the pixels are to be turned.
  ///   - mostPixels: How many pixels the encoded data can hold at best.
  /// - Throws: ``ImageError`` if the size is empty, too large, or more than the data can hold.
  init(
    _ format: Format, width: Int, height: Int, orientation: ImageOrientation, mostPixels: Int
  ) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw ImageError("declares \(width)×\(height) pixels; an image has at least one")
    }
    // Both are below 2³², so that the product does not overflow a signed 64-bit number only if this holds.
    guard width <= Self.pixelLimit, height <= Self.pixelLimit, width * height <= Self.pixelLimit else {
      throw ImageError("declares \(width)×\(height) pixels, more than the limit of \(Self.pixelLimit)")
    }
    guard width * height <= mostPixels else {
      throw ImageError("declares \(width)×\(height) pixels, but has too few bytes for them; is the file complete?")
    }
    self.format = format
    storedSize = ImageSize(width: width, height: height)
    self.orientation = orientation
  }

  private static func unknownFormat(_ bytes: Span<UInt8>) -> ImageError {
    guard !bytes.isEmpty else { return ImageError("is empty; expected a JPEG or PNG image") }
    let others: [(name: String, signature: [UInt8], offset: Int)] = [
      ("GIF", Array("GIF8".utf8), 0), ("BMP", Array("BM".utf8), 0), ("WebP", Array("WEBP".utf8), 8),
      ("TIFF", [0x49, 0x49, 0x2A, 0], 0), ("TIFF", [0x4D, 0x4D, 0, 0x2A], 0), ("AVIF or HEIC", Array("ftyp".utf8), 4),
      ("HTML", Array("<!DOCTYPE".utf8), 0), ("HTML", Array("<html".utf8), 0), ("PDF", Array("%PDF".utf8), 0),
      ("gzip", [0x1F, 0x8B], 0), ("zip", Array("PK".utf8), 0),
    ]
    let other = others.first { other in bytes.starts(with: other.signature, at: other.offset) }
    if let other {
      return ImageError("is \(other.name), whatever its name says; expected a JPEG or PNG image")
    }
    let start = (0..<min(bytes.count, 8)).map { index in
      (bytes[index] < 16 ? "0" : "") + String(bytes[index], radix: 16)
    }
    return ImageError("is no JPEG or PNG image: it begins with the bytes \(start.joined(separator: " "))")
  }
}
