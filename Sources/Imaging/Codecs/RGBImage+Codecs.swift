import CImageCodecs

extension RGBImage {
  /// Decodes a JPEG or PNG image and turns it as its orientation says.
  ///
  /// The encoding is told by the first bytes. PNG gives the file's own numbers, JPEG those of libjpeg-turbo's accurate transform; both as
  /// Pillow's `convert("RGB")` after `exif_transpose`. Callable from any thread.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - target: Where given, a JPEG image may be halved up to three times in the decoder while both sides stay as long as this.
  /// - Throws: ``ImageError`` if this is no whole image of either kind, or one of more than ``ImageHeader/pixelLimit`` pixels.
  public init(decoding bytes: [UInt8], scaledFor target: ImageSize? = nil) throws(ImageError) {
    let span = bytes.span
    if span.starts(with: JPEGMarkers.signature) {
      let markers = try JPEGMarkers(of: span)
      let orientation = markers.header.orientation
      self = orientation.applied(
        to: try JPEGDecoder().decode(span, markers, scaledFor: target.map(orientation.size(ofStored:))))
    } else if span.starts(with: PNGChunks.signature) {
      let chunks = try PNGChunks(of: span)
      self = chunks.header.orientation.applied(to: try PNGDecoder.decode(span, chunks))
    } else {
      // Says what it is instead.
      let header = try ImageHeader(of: span)
      preconditionFailure("a \(header.format.rawValue) image that is decoded nowhere")
    }
  }

  /// The image as a PNG file of 8 bits a channel.
  ///
  /// - Throws: ``ImageError`` in libpng's words.
  public func pngBytes() throws(ImageError) -> [UInt8] {
    var image = unsafe png_image()
    unsafe image.version = UInt32(PNG_IMAGE_VERSION)
    unsafe image.width = UInt32(width)
    unsafe image.height = UInt32(height)
    unsafe image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    // zlib adds less than a seventh, each chunk of 8 KiB 12 bytes, and the other chunks a few hundred.
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
