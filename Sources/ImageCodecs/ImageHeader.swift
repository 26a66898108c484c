/// The format, size and orientation that an encoded image declares, read without decoding it.
///
/// A declared size is checked against the limit and the number of bytes, so that memory for the pixels may be allocated.
public struct ImageHeader: Sendable, Equatable {
  /// The most pixels that an image may have: as many as Pillow opens, 512 MiB of them.
  public static let pixelLimit = 178_956_970

  /// The encoding, which follows from the first bytes; the file's name is ignored.
  public let format: ImageFormat
  /// The extent of the pixels as they are stored, before ``orientation`` is applied.
  public let storedSize: ImageSize
  /// The turn or mirroring that shows the stored pixels as they are meant to be seen.
  public let orientation: ImageOrientation

  /// The extent of the image, turned as it is meant to be seen.
  public var size: ImageSize { orientation.size(ofStored: storedSize) }

  /// Reads the header in front of the pixels.
  ///
  /// - Parameter bytes: The whole file.
  /// - Throws: ``ImageError`` if this is no image of an ``ImageFormat``, is truncated, or declares more pixels than the limit or than so few bytes can hold.
  public init(of bytes: Span<UInt8>) throws(ImageError) {
    switch ImageFormat(firstBytes: bytes) {
    case .jpeg: self = try JPEGMarkers(of: bytes).header
    case .png: self = try PNGChunks(of: bytes).header
    case .webP: self = try WebPContainer(of: bytes).header
    case .bmp: self = try BMPHeader(of: bytes).header
    case .tiff: self = try TIFFDirectory(of: bytes).header
    case .gif: self = try GIFBlocks(of: bytes).header
    case nil: throw Self.unknownFormat(bytes)
    }
  }

  /// A header whose size was declared by the file.
  ///
  /// - Parameters:
  ///   - format: The encoding.
  ///   - width: The declared width.
  ///   - height: The declared height.
  ///   - orientation: The turn of the pixels.
  ///   - mostPixels: The most pixels that the encoded data can hold.
  /// - Throws: ``ImageError`` if the size is empty, too large, or more than the data can hold.
  init(
    _ format: ImageFormat, width: Int, height: Int, orientation: ImageOrientation, mostPixels: Int
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

  /// The error for bytes that are no image of a decoded format.
  static func unknownFormat(_ bytes: Span<UInt8>) -> ImageError {
    let expected = "a \(ImageFormat.allCases.dropLast().map(\.rawValue).joined(separator: ", ")) or GIF image"
    guard !bytes.isEmpty else { return ImageError("is empty; expected \(expected)") }
    switch ImageFileKind(firstBytes: bytes) {
    case .unsupported(let name):
      return ImageError("is \(name), whatever its name says, which is not decoded here; convert it to PNG or JPEG")
    case .other(let name):
      return ImageError("is \(name), whatever its name says; expected \(expected)")
    case .decodable, .missingLibrary, nil:
      let first = (0..<min(bytes.count, 8)).map { index in bytes[index] }
      if first.allSatisfy({ byte in (0x20..<0x7F).contains(byte) || byte == 0x0A || byte == 0x0D || byte == 0x09 }) {
        return ImageError("is not \(expected): it looks like text")
      }
      let start = first.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
      return ImageError("is not \(expected): it begins with the bytes \(start.joined(separator: " "))")
    }
  }
}
