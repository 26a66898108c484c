import CImageCodecs

/// JPEG images, decoded by libjpeg-turbo as exactly as it can: accurate cosine transform, smooth upsampling.
///
/// Unlike Pillow, which accepts damaged image data, it refuses an image of which some part is missing or cannot be right. Damage that
/// leaves all pixels as they should be is accepted: ``harmlessWarnings``, and a missing end-of-image marker.
@safe
struct JPEGDecoder: ~Copyable {
  private let handle: tjhandle

  /// Makes a decoder; it costs less than a microsecond, so that each image may have its own.
  init() throws(ImageError) {
    guard let handle = unsafe tjInitDecompress() else {
      throw ImageError("cannot be decoded: libjpeg-turbo does not start: \(unsafe Self.message(nil))")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe tjDestroy(handle) }

  /// The beginnings of libjpeg's warnings after which all pixels are as they should be.
  private static let harmlessWarnings = [
    "Unknown Adobe color transform code", "Warning: unknown JFIF revision number", "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
  ]

  /// Decodes an image whose markers were read, not yet turned.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - markers: Its segments.
  ///   - target: If given, the image may be halved up to three times while it stays as large as this.
  /// - Returns: The image as it is stored.
  /// - Throws: ``ImageError`` in libjpeg's words.
  func decode(_ bytes: Span<UInt8>, _ markers: JPEGMarkers, scaledFor target: ImageSize?) throws(ImageError) -> RGBImage
  {
    guard markers.hasEnd else {
      // With an end the decoder tells data that is missing from an end that is missing alone.
      let ended = unsafe bytes.withUnsafeBufferPointer { bytes in unsafe Array(bytes) } + [0xFF, 0xD9]
      return try decodeEnded(ended.span, markers, scaledFor: target)
    }
    return try decodeEnded(bytes, markers, scaledFor: target)
  }

  private func decodeEnded(
    _ bytes: Span<UInt8>, _ markers: JPEGMarkers, scaledFor target: ImageSize?
  ) throws(ImageError) -> RGBImage {
    let size = Self.scaledSize(markers.header.storedSize, for: target)
    let isInk = markers.componentCount == 4
    let channels = isInk ? 4 : 3
    var isWhole = true
    var samples = unsafe [UInt8](unsafeUninitializedCapacity: size.pixelCount * channels) { samples, count in
      let status = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe tjDecompress2(
          handle, bytes.baseAddress, UInt(bytes.count), samples.baseAddress, Int32(size.width), 0, Int32(size.height),
          Int32((isInk ? TJPF_CMYK : TJPF_RGB).rawValue), TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
      }
      isWhole = status == 0 || hasOnlyWarnedHarmlessly()
      count = isWhole ? size.pixelCount * channels : 0
    }
    guard isWhole else { throw ImageError("is damaged: \(unsafe Self.message(handle))") }
    if isInk {
      samples = Self.rgb(ofInverted: samples)
    }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  private func hasOnlyWarnedHarmlessly() -> Bool {
    guard unsafe tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) else { return false }
    let message = unsafe Self.message(handle)
    return Self.harmlessWarnings.contains { warning in message.hasPrefix(warning) }
      // Between segments, not in place of a code.
      || message.contains("extraneous bytes before marker")
  }

  @unsafe
  private static func message(_ handle: tjhandle?) -> String {
    guard let text = unsafe tjGetErrorStr2(handle) else { return "no reason given" }
    return unsafe String(cString: text)
  }

  /// The smallest of 1, ½, ¼ and ⅛ of a size, rounded up, that is as large as `target`.
  private static func scaledSize(_ size: ImageSize, for target: ImageSize?) -> ImageSize {
    guard let target else { return size }
    for divisor in [8, 4, 2] {
      let scaled = ImageSize(
        width: (size.width + divisor - 1) / divisor, height: (size.height + divisor - 1) / divisor)
      if scaled.width >= target.width, scaled.height >= target.height {
        return scaled
      }
    }
    return size
  }

  /// Inverted cyan, magenta, yellow and black, as Adobe's programs store them and every decoder assumes, as red, green and blue.
  ///
  /// Each is what the ink leaves, times what the black leaves: c · k / 255, rounded as Pillow does.
  private static func rgb(ofInverted inks: [UInt8]) -> [UInt8] {
    let pixels = inks.count / 4
    return unsafe [UInt8](unsafeUninitializedCapacity: pixels * 3) { samples, count in
      for pixel in 0..<pixels {
        let black = UInt32(inks[4 * pixel + 3])
        for channel in 0..<3 {
          // Pillow subtracts the rounded share of the ink from what the black leaves.
          let product = (255 - UInt32(inks[4 * pixel + channel])) * black + 128
          unsafe samples[count + channel] = UInt8(black - (product >> 8 + product) >> 8)
        }
        count += 3
      }
    }
  }
}
