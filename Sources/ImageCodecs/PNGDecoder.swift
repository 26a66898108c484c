import CImageCodecs

/// A PNG decoder that uses libpng but returns the stored values, as Pillow does: color spaces are not converted,
/// transparent pixels keep their color, 16-bit color values are reduced to their high byte, and 16-bit gray values are
/// clipped or scaled (``SixteenBit``).
enum PNGDecoder {
  /// Decodes an image whose chunks were already read; the orientation is not applied.
  ///
  /// - Throws: ``ImageError`` with libpng's message.
  static func decode(
    _ bytes: Span<UInt8>, _ chunks: PNGChunks, _ sixteenBit: SixteenBit
  ) throws(ImageError) -> RGBImage {
    let size = chunks.header.storedSize
    let samples: [UInt8]
    switch (chunks.colorType, chunks.depth) {
    case (.grayAlpha, 16):
      // High and low bytes of gray and alpha are decoded as if they were red, green, blue and alpha.
      let file = chunks.plainFile(of: bytes, as: (.rgbAlpha, 8))
      samples = firsts(ofFour: try read(file, size, format: rgbAlphaFormat))
    case (.gray, 16):
      let file = chunks.plainFile(of: bytes, as: (.grayAlpha, 8))
      let halves: [UInt8] = try read(file, size, format: grayAlphaFormat)
      samples = sixteenBit == .scale ? mapped(halves, channels: 2) { pixel, _ in pixel } : clipped(halves)
    case (.rgb, 16):
      // libpng treats 16-bit values without a color space as linear, and returns linear 16-bit values: they are
      // unchanged.
      let wide: [UInt16] = try read(chunks.plainFile(of: bytes), size, format: wideFormat)
      samples = wide.map { sample in UInt8(sample >> 8) }
    case (.rgbAlpha, 16):
      samples = try decodeWideAlpha(chunks.plainFile(of: bytes), size)
    case (.grayAlpha, _), (.rgbAlpha, _):
      samples = withoutAlpha(try read(chunks.plainFile(of: bytes), size, format: rgbAlphaFormat))
    case (.gray, _), (.rgb, _), (.palette, _):
      samples = try read(chunks.plainFile(of: bytes), size, format: UInt32(PNG_FORMAT_FLAG_COLOR))
    }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  private static let grayAlphaFormat = UInt32(PNG_FORMAT_FLAG_ALPHA)
  private static let rgbAlphaFormat = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
  private static let wideFormat = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_LINEAR)

  /// Decodes red, green, blue and alpha of 16 bits to 8-bit colors.
  ///
  /// libpng multiplies 16-bit colors by alpha, so its 16-bit output is exact only for opaque pixels. For other pixels
  /// the colors come from libpng's 8-bit output, which may differ from the high byte by 1.
  private static func decodeWideAlpha(_ file: [UInt8], _ size: ImageSize) throws(ImageError) -> [UInt8] {
    let wide: [UInt16] = try read(file, size, format: wideFormat | rgbAlphaFormat)
    var samples = [UInt8](repeating: 0, count: size.pixelCount * 3)
    var isOpaque = true
    for pixel in 0..<size.pixelCount {
      isOpaque = isOpaque && wide[4 * pixel + 3] == .max
      for channel in 0..<3 {
        samples[3 * pixel + channel] = UInt8(wide[4 * pixel + channel] >> 8)
      }
    }
    guard !isOpaque else { return samples }
    let rounded: [UInt8] = try read(
      file, size, format: rgbAlphaFormat, flags: UInt32(PNG_IMAGE_FLAG_16BIT_sRGB))
    for pixel in 0..<size.pixelCount where wide[4 * pixel + 3] != .max {
      for channel in 0..<3 {
        samples[3 * pixel + channel] = rounded[4 * pixel + channel]
      }
    }
    return samples
  }

  /// Decodes a file to samples of 8 or 16 bits.
  private static func read<Sample: FixedWidthInteger & BitwiseCopyable>(
    _ file: [UInt8], _ size: ImageSize, format: UInt32, flags: UInt32 = 0
  ) throws(ImageError) -> [Sample] {
    // libpng keeps the address of the file from its first call to its last.
    try unsafe file.withUnsafeBufferPointer { (file) throws(ImageError) -> [Sample] in
      var image = unsafe png_image()
      unsafe image.version = UInt32(PNG_IMAGE_VERSION)
      defer { unsafe png_image_free(&image) }
      guard unsafe png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
        throw unsafe error(image)
      }
      unsafe precondition(
        Int(image.width) == size.width && Int(image.height) == size.height, "libpng read another size than declared")
      unsafe image.format = format
      unsafe image.flags |= flags
      let sampleCount = size.pixelCount * channelCount(format)
      var isRead = false
      let samples = unsafe [Sample](unsafeUninitializedCapacity: sampleCount) { samples, count in
        isRead = unsafe png_image_finish_read(&image, nil, samples.baseAddress, 0, nil) != 0
        count = isRead ? sampleCount : 0
      }
      guard isRead else { throw unsafe error(image) }
      return samples
    }
  }

  private static func channelCount(_ format: UInt32) -> Int {
    (format & UInt32(PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1) + (format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0 ? 1 : 0)
  }

  private static func error(_ image: png_image) -> ImageError {
    ImageError("is damaged: \(unsafe PNGMessage.text(image))")
  }

  // MARK: - Conversion of libpng's output to three channels

  private static func withoutAlpha(_ samples: [UInt8]) -> [UInt8] {
    mapped(samples, channels: 4) { pixel, channel in pixel + channel }
  }

  /// Converts pixels of four values to gray RGB pixels of the first value.
  private static func firsts(ofFour samples: [UInt8]) -> [UInt8] {
    mapped(samples, channels: 4) { pixel, _ in pixel }
  }

  /// Converts 16-bit gray values, given as high and low bytes, to 8 bits by clipping those above 255, as Pillow does.
  private static func clipped(_ halves: [UInt8]) -> [UInt8] {
    var halves = halves
    for pixel in stride(from: 0, to: halves.count, by: 2) where halves[pixel] > 0 {
      halves[pixel + 1] = 255
    }
    return mapped(halves, channels: 2) { pixel, _ in pixel + 1 }
  }

  /// Returns three values per pixel; `source` maps the index of the pixel's first value and the channel to the index to
  /// read.
  private static func mapped(
    _ samples: [UInt8], channels: Int, _ source: (_ pixel: Int, _ channel: Int) -> Int
  ) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: samples.count / channels * 3) { target, count in
      for pixel in stride(from: 0, to: samples.count, by: channels) {
        for channel in 0..<3 {
          unsafe target[count] = samples[source(pixel, channel)]
          count += 1
        }
      }
    }
  }
}

/// The error message of a failed libpng call.
enum PNGMessage {
  /// Returns the text in the fixed-size message field of libpng's image structure.
  static func text(_ image: png_image) -> String {
    var message = unsafe image.message
    return unsafe withUnsafeBytes(of: &message) { bytes in
      unsafe String(decoding: bytes.prefix { byte in byte != 0 }, as: UTF8.self)
    }
  }
}
