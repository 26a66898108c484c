/// The format, size and orientation of an encoded image, read from its header without decoding the pixels.
///
/// The declared size is checked against the pixel limit and the size of the file, so that memory for the pixels can
/// safely be allocated.
public struct ImageHeader: Sendable, Equatable {
  /// The largest number of pixels of an image, which is Pillow's limit: 512 MiB of RGB data.
  public static let pixelLimit = 178_956_970

  /// The file format, detected from the first bytes; the file name is ignored.
  public let format: ImageFormat
  /// The size of the stored image, before ``orientation`` is applied.
  public let storedSize: ImageSize
  /// The rotation or reflection that displays the stored image upright.
  public let orientation: ImageOrientation

  /// The size of the image after ``orientation`` is applied.
  public var size: ImageSize { orientation.size(ofStored: storedSize) }

  /// Reads the header of an image file.
  ///
  /// - Parameter bytes: The contents of the whole file.
  /// - Throws: ``ImageError`` if the file is not an image of an ``ImageFormat``, is truncated, or declares more pixels
  ///   than the limit or than its bytes can encode.
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

  /// Creates a header after checking the declared size.
  ///
  /// - Parameters:
  ///   - format: The file format.
  ///   - width: The declared width.
  ///   - height: The declared height.
  ///   - orientation: The rotation or reflection to be applied to the stored image.
  ///   - mostPixels: The largest number of pixels that the encoded data can hold.
  /// - Throws: ``ImageError`` if the image has no pixels, too many, or more than the data can hold.
  init(
    _ format: ImageFormat, width: Int, height: Int, orientation: ImageOrientation, mostPixels: Int
  ) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw ImageError("declares \(width)×\(height) pixels; an image has at least one")
    }
    // Both sides are checked before the product, so that it cannot overflow.
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

  /// Returns the error for bytes that are not an image of a supported format.
  static func unknownFormat(_ bytes: Span<UInt8>) -> ImageError {
    let expected = "a \(ImageFormat.allCases.dropLast().map(\.rawValue).joined(separator: ", ")) or GIF image"
    guard !bytes.isEmpty else { return ImageError("is empty; expected \(expected)") }
    switch ImageFileKind(firstBytes: bytes) {
    case .unsupported(let name):
      // The bytes come without the name of the file, which may say the same.
      return ImageError("is \(name), which is not decoded here; convert it to PNG or JPEG")
    case .other(let name):
      return ImageError("is \(name); expected \(expected)")
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
