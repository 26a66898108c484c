import CImageCodecs

/// A JPEG decoder that uses libjpeg-turbo with its most accurate settings: accurate inverse DCT, smooth chroma
/// upsampling.
///
/// Unlike Pillow, the decoder refuses images with missing or certainly damaged parts. It accepts damage that affects no
/// pixel: ``harmlessWarnings``, and a missing end-of-image marker.
@safe
struct JPEGDecoder: ~Copyable {
  private let handle: tjhandle

  /// Creates a decoder in less than a microsecond, so that each image can have its own.
  init() throws(ImageError) {
    guard let handle = unsafe tjInitDecompress() else {
      throw ImageError("cannot be decoded: libjpeg-turbo does not start: \(unsafe Self.message(nil))")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe tjDestroy(handle) }

  /// The first words of the libjpeg warnings that affect no pixel.
  private static let harmlessWarnings = [
    "Unknown Adobe color transform code", "Warning: unknown JFIF revision number", "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
  ]

  /// Decodes an image whose markers were already read; the orientation is not applied.
  ///
  /// - Parameters:
  ///   - bytes: The contents of the whole file.
  ///   - markers: The markers of the file.
  ///   - target: The smallest size at which the image may be decoded, at 1/2, 1/4 or 1/8 resolution; `nil` for full
  ///     resolution.
  /// - Returns: The image as stored.
  /// - Throws: ``ImageError`` with libjpeg's message.
  func decode(_ bytes: Span<UInt8>, _ markers: JPEGMarkers, scaledFor target: ImageSize?) throws(ImageError) -> RGBImage
  {
    guard markers.hasEnd else {
      // With an end marker appended, the decoder reports only data that are really missing.
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
      // Extra bytes between segments are harmless, unlike those inside coded data.
      || message.contains("extraneous bytes before marker")
  }

  @unsafe
  private static func message(_ handle: tjhandle?) -> String {
    guard let text = unsafe tjGetErrorStr2(handle) else { return "no reason given" }
    return unsafe String(cString: text)
  }

  /// Returns the smallest of 1, ½, ¼ and ⅛ of a size, rounded up, that is at least `target` in both directions.
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

  /// Converts inverted CMYK, as Adobe's programs store it, to RGB.
  ///
  /// Each color is c · k / 255 for the inverted ink c and the inverted black k, rounded as Pillow does.
  private static func rgb(ofInverted inks: [UInt8]) -> [UInt8] {
    let pixels = inks.count / 4
    return unsafe [UInt8](unsafeUninitializedCapacity: pixels * 3) { samples, count in
      for pixel in 0..<pixels {
        let black = UInt32(inks[4 * pixel + 3])
        for channel in 0..<3 {
          // Pillow computes k minus the rounded product of k and the ink 255 − c.
          let product = (255 - UInt32(inks[4 * pixel + channel])) * black + 128
          unsafe samples[count + channel] = UInt8(black - (product >> 8 + product) >> 8)
        }
        count += 3
      }
    }
  }
}
