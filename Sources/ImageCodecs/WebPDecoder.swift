/// A WebP decoder that uses libwebp where it is installed; transparent pixels keep their color.
@safe
struct WebPDecoder: Sendable {
  /// The Debian package of the library.
  static let package = "libwebp7"

  /// The decoder that uses the installed libwebp; `nil` if there is none.
  static let shared = WebPDecoder()

  // uint8_t *WebPDecodeRGBInto(const uint8_t *data, size_t data_size, uint8_t *output, size_t output_size, int stride);
  private typealias DecodeRGBInto =
    @convention(c) @Sendable (
      UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, Int32
    ) -> UnsafeMutablePointer<UInt8>?

  private let decodeRGBInto: DecodeRGBInto

  private init?() {
    guard let library = OptionalLibrary(anyOf: ["libwebp.so.7", "libwebp.so.6"]),
      let function = unsafe library.function("WebPDecodeRGBInto", as: DecodeRGBInto.self)
    else { return nil }
    unsafe decodeRGBInto = function
  }

  /// Decodes an image whose chunks were already read, or the first frame of an animation, on black; the orientation is
  /// not applied.
  ///
  /// - Throws: ``ImageError`` if the pixels are damaged.
  func decode(_ bytes: Span<UInt8>, _ container: WebPContainer) throws(ImageError) -> RGBImage {
    let size = container.header.storedSize
    switch container.still {
    case .wholeFile:
      return try decode(bytes, size)
    case .frame(let file, let frameSize, let left, let top):
      let frame = try decode(file.span, frameSize)
      guard frameSize != size else { return frame }
      var samples = [UInt8](repeating: 0, count: 3 * size.pixelCount)
      for row in 0..<frame.height {
        let target = 3 * ((top + row) * size.width + left)
        let source = 3 * row * frame.width
        samples.replaceSubrange(
          target..<target + 3 * frame.width, with: frame.samples[source..<source + 3 * frame.width])
      }
      return RGBImage(width: size.width, height: size.height, samples: samples)
    }
  }

  private func decode(_ bytes: Span<UInt8>, _ size: ImageSize) throws(ImageError) -> RGBImage {
    var isWhole = false
    let sampleCount = 3 * size.pixelCount
    let samples = unsafe [UInt8](unsafeUninitializedCapacity: sampleCount) { samples, count in
      isWhole = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe decodeRGBInto(
          bytes.baseAddress, bytes.count, samples.baseAddress, sampleCount, Int32(3 * size.width)) != nil
      }
      count = isWhole ? sampleCount : 0
    }
    guard isWhole else { throw ImageError("is damaged or cut off: libwebp cannot decode its pixels") }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }
}
