import CImageCodecs

extension RGBImage {
  /// Decodes an image file and applies its orientation.
  ///
  /// The format is detected from the first bytes (``ImageFormat``). The result equals Pillow's `convert("RGB")` after
  /// `exif_transpose`: PNG, BMP and GIF give the values in the file, JPEG those of libjpeg-turbo's accurate transform,
  /// WebP those of libwebp. Callable from any thread.
  ///
  /// - Parameters:
  ///   - bytes: The contents of the whole file.
  ///   - target: The smallest size at which a JPEG image may be decoded, at 1/2, 1/4 or 1/8 resolution; `nil` for full
  ///     resolution.
  ///   - sixteenBit: The conversion of 16-bit gray PNG images to 8 bits.
  /// - Throws: ``ImageError`` if the bytes are not a complete image of a supported format, the decoder's library is not
  ///   installed, or the image has more than ``ImageHeader/pixelLimit`` pixels.
  public init(
    decoding bytes: [UInt8], scaledFor target: ImageSize? = nil, sixteenBit: SixteenBit = .clip
  ) throws(ImageError) {
    let span = bytes.span
    let stored: RGBImage
    let orientation: ImageOrientation
    switch ImageFormat(firstBytes: span) {
    case .jpeg:
      let markers = try JPEGMarkers(of: span)
      orientation = markers.header.orientation
      stored = try JPEGDecoder().decode(span, markers, scaledFor: target.map(orientation.size(ofStored:)))
    case .png:
      let chunks = try PNGChunks(of: span)
      orientation = chunks.header.orientation
      stored = try PNGDecoder.decode(span, chunks, sixteenBit)
    case .webP:
      guard let decoder = WebPDecoder.shared else { throw Self.missing(WebPDecoder.package, for: .webP) }
      let container = try WebPContainer(of: span)
      orientation = container.header.orientation
      stored = try decoder.decode(span, container)
    case .bmp:
      let bitmap = try BMPHeader(of: span)
      orientation = bitmap.header.orientation
      stored = try BMPDecoder.decode(span, bitmap)
    case .tiff:
      guard let decoder = TIFFDecoder.shared else { throw Self.missing(TIFFDecoder.package, for: .tiff) }
      let directory = try TIFFDirectory(of: span)
      orientation = directory.header.orientation
      stored = try decoder.decode(span, directory)
    case .gif:
      let blocks = try GIFBlocks(of: span)
      orientation = blocks.header.orientation
      stored = try GIFDecoder.decode(span, blocks)
    case nil:
      throw ImageHeader.unknownFormat(span)
    }
    self = orientation.applied(to: stored)
  }

  private static func missing(_ package: String, for format: ImageFormat) -> ImageError {
    ImageError(
      "is \(format.rawValue), for which this host lacks the library; install \(package), or convert it to PNG or JPEG")
  }

  /// Returns the image as a PNG file of 8 bits per channel.
  ///
  /// - Throws: ``ImageError`` with libpng's message.
  public func pngBytes() throws(ImageError) -> [UInt8] {
    var image = unsafe png_image()
    unsafe image.version = UInt32(PNG_IMAGE_VERSION)
    unsafe image.width = UInt32(width)
    unsafe image.height = UInt32(height)
    unsafe image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    // Upper bound of the file size: zlib adds less than a seventh, each chunk of 8 KiB adds 12 bytes, the other chunks
    // a few hundred.
    let capacity = samples.count + samples.count / 4 + 4096
    var isWritten = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      var written = capacity
      isWritten = unsafe png_image_write_to_memory(&image, buffer.baseAddress, &written, 0, samples, 0, nil) != 0
      count = isWritten ? written : 0
    }
    guard isWritten else { throw ImageError("cannot be written as PNG: \(unsafe PNGMessage.text(image))") }
    return bytes
  }
}
