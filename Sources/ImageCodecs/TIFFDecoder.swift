import Glibc

/// A decoder of the first image of TIFF files, which uses libtiff where it is installed.
///
/// 16-bit values are scaled to 8 bits; colors with an unassociated alpha channel are multiplied by alpha, as libtiff
/// does.
@safe
struct TIFFDecoder: Sendable {
  /// The Debian package of the library.
  static let package = "libtiff6"

  /// The decoder that uses the installed libtiff; `nil` if there is none.
  static let shared = TIFFDecoder()

  // The types of tiffio.h: thandle_t is void *, tmsize_t a signed 64-bit integer, toff_t an unsigned one.
  private typealias Transfer =
    @convention(c) @Sendable (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int) -> Int
  private typealias Seek = @convention(c) @Sendable (UnsafeMutableRawPointer?, UInt64, Int32) -> UInt64
  private typealias Close = @convention(c) @Sendable (UnsafeMutableRawPointer?) -> Int32
  private typealias Size = @convention(c) @Sendable (UnsafeMutableRawPointer?) -> UInt64
  private typealias Map =
    @convention(c) @Sendable (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Int32
  private typealias Unmap =
    @convention(c) @Sendable (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UInt64) -> Void
  private typealias ClientOpen =
    @convention(c) @Sendable (
      UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutableRawPointer?, Transfer, Transfer, Seek, Close, Size,
      Map,
      Unmap
    ) -> OpaquePointer?
  private typealias CloseFile = @convention(c) @Sendable (OpaquePointer?) -> Void
  private typealias IsReadable = @convention(c) @Sendable (OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int32
  private typealias ReadImage =
    @convention(c) @Sendable (OpaquePointer?, UInt32, UInt32, UnsafeMutablePointer<UInt32>?, Int32, Int32) -> Int32
  private typealias SetHandler = @convention(c) @Sendable (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?

  private let open: ClientOpen
  private let close: CloseFile
  private let isReadable: IsReadable
  private let readImage: ReadImage

  private init?() {
    guard let library = OptionalLibrary(anyOf: ["libtiff.so.6", "libtiff.so.5"]),
      let open = unsafe library.function("TIFFClientOpen", as: ClientOpen.self),
      let close = unsafe library.function("TIFFClose", as: CloseFile.self),
      let isReadable = unsafe library.function("TIFFRGBAImageOK", as: IsReadable.self),
      let readImage = unsafe library.function("TIFFReadRGBAImageOriented", as: ReadImage.self)
    else { return nil }
    unsafe (self.open, self.close) = (open, close)
    unsafe (self.isReadable, self.readImage) = (isReadable, readImage)
    for name in ["TIFFSetErrorHandler", "TIFFSetWarningHandler"] {
      // Without handlers, libtiff would write warnings to standard error.
      _ = unsafe library.function(name, as: SetHandler.self)?(nil)
    }
  }

  /// A file in memory that libtiff reads through callbacks.
  @unsafe
  private struct Source {
    let bytes: UnsafeRawPointer
    let count: Int
    var offset = 0
  }

  /// Decodes an image whose tags were already read; the orientation is not applied.
  ///
  /// - Throws: ``ImageError`` with libtiff's message if the kind of image is unsupported or the pixels are damaged.
  func decode(_ bytes: Span<UInt8>, _ directory: TIFFDirectory) throws(ImageError) -> RGBImage {
    let size = directory.header.storedSize
    var failure: ImageError?
    let samples = unsafe bytes.withUnsafeBufferPointer { bytes -> [UInt8] in
      guard let start = bytes.baseAddress else { return [] }
      var source = unsafe Source(bytes: start, count: bytes.count)
      return unsafe withUnsafeMutablePointer(to: &source) { source in
        guard let file = unsafe openFile(source) else {
          failure = ImageError("is damaged: libtiff cannot read its tags")
          return []
        }
        defer { unsafe close(file) }
        var message = [CChar](repeating: 0, count: 1024)
        guard unsafe isReadable(file, &message) != 0 else {
          failure = ImageError(
            "cannot be decoded by libtiff: \(String(decoding: message.prefix { byte in byte != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)); convert it to PNG"
          )
          return []
        }
        // In stored order, because this program applies the orientation itself.
        var raster = [UInt32](repeating: 0, count: size.pixelCount)
        let orientation = Int32(directory.header.orientation.rawValue)
        guard unsafe readImage(file, UInt32(size.width), UInt32(size.height), &raster, orientation, 1) != 0 else {
          failure = ImageError("is damaged or cut off: libtiff cannot decode its pixels")
          return []
        }
        return Self.samples(raster)
      }
    }
    if let failure {
      throw failure
    }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  /// Converts libtiff's 32-bit pixels, whose lowest byte is red, to channel values.
  private static func samples(_ raster: [UInt32]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 3 * raster.count) { samples, count in
      for pixel in raster {
        unsafe samples[count] = UInt8(truncatingIfNeeded: pixel)
        unsafe samples[count + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
        unsafe samples[count + 2] = UInt8(truncatingIfNeeded: pixel >> 16)
        count += 3
      }
    }
  }

  @unsafe
  private func openFile(_ source: UnsafeMutablePointer<Source>) -> OpaquePointer? {
    let read: Transfer = { handle, buffer, count in
      guard let source = unsafe handle?.assumingMemoryBound(to: Source.self), let buffer = unsafe buffer else {
        return 0
      }
      let given = unsafe min(max(count, 0), max(source.pointee.count - source.pointee.offset, 0))
      unsafe buffer.copyMemory(from: source.pointee.bytes + source.pointee.offset, byteCount: given)
      unsafe source.pointee.offset += given
      return given
    }
    let write: Transfer = { _, _, _ in 0 }
    let seek: Seek = { handle, offset, origin in
      guard let source = unsafe handle?.assumingMemoryBound(to: Source.self) else { return .max }
      let base = unsafe origin == SEEK_CUR ? source.pointee.offset : origin == SEEK_END ? source.pointee.count : 0
      let (place, overflow) = base.addingReportingOverflow(Int(truncatingIfNeeded: offset))
      guard !overflow, place >= 0, unsafe place <= source.pointee.count else { return .max }
      unsafe source.pointee.offset = place
      return UInt64(place)
    }
    let size: Size = { handle in
      guard let source = unsafe handle?.assumingMemoryBound(to: Source.self) else { return 0 }
      return unsafe UInt64(source.pointee.count)
    }
    // Mode "rm": read, without memory mapping.
    return unsafe open("image", "rm", source, read, write, seek, { _ in 0 }, size, { _, _, _ in 0 }, { _, _, _ in })
  }
}
