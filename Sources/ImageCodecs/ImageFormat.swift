/// The file format of an image.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// JPEG (ISO/IEC 10918-1).
  case jpeg = "JPEG"
  /// PNG (ISO/IEC 15948).
  case png = "PNG"
  /// WebP (RFC 9649), decoded by libwebp where that is installed.
  case webP = "WebP"
  /// BMP, the Windows device-independent bitmap.
  case bmp = "BMP"
  /// TIFF 6.0, decoded by libtiff where that is installed.
  case tiff = "TIFF"
  /// GIF87a and GIF89a; only the first frame is decoded.
  case gif = "GIF"

  /// The usual file name endings, in lower case and without the dot.
  public var endings: [String] {
    switch self {
    case .jpeg: ["jpg", "jpeg", "jfif", "jpe"]
    case .png: ["png"]
    case .webP: ["webp"]
    case .bmp: ["bmp", "dib"]
    case .tiff: ["tif", "tiff"]
    case .gif: ["gif"]
    }
  }

  /// Detects the format from a file's first bytes; `nil` for other formats.
  init?(firstBytes bytes: Span<UInt8>) {
    switch ImageFileKind(firstBytes: bytes) {
    case .decodable(let format), .missingLibrary(let format, _): self = format
    case .unsupported, .other, nil: return nil
    }
  }
}

/// The type of a file with respect to image decoding.
///
/// A folder scan decides by the file name ending (``init(ending:)``), the decoder by the first bytes
/// (``init(firstBytes:)``).
public enum ImageFileKind: Sendable, Equatable {
  /// An image that this program can decode on this host.
  case decodable(ImageFormat)
  /// An image whose decoder library is not installed on this host; `package` is the Debian package to install.
  case missingLibrary(ImageFormat, package: String)
  /// An image or video in a format that this program does not decode, with the format's name.
  case unsupported(String)
  /// A file that is not an image, such as an archive, with the name of its format.
  case other(String)

  /// Returns the type of files with this ending; `nil` if it belongs to no known image format.
  ///
  /// - Parameter ending: The part of the file name after its last dot, in upper or lower case.
  public init?(ending: String) {
    let ending = ending.lowercased()
    if let format = ImageFormat.allCases.first(where: { format in format.endings.contains(ending) }) {
      self = Self.decoded(format)
    } else if let name = Self.unsupportedEndings[ending] {
      self = .unsupported(name)
    } else {
      return nil
    }
  }

  /// Detects the type of a file from its first 16 bytes; `nil` if they match no known format.
  public init?(firstBytes bytes: Span<UInt8>) {
    guard let signature = Self.signatures.first(where: { signature in signature.matches(bytes) }) else { return nil }
    self = signature.kind
  }

  /// The endings of images that can be decoded on this host, in lower case and without the dot.
  public static var decodableEndings: [String] {
    ImageFormat.allCases.filter { format in decoded(format) == .decodable(format) }.flatMap(\.endings)
  }

  /// The endings of known image formats that this program does not decode, with the formats' names.
  public static let unsupportedEndings: [String: String] = [
    "avif": "AVIF", "heic": "HEIC", "heif": "HEIF", "jxl": "JPEG XL", "jp2": "JPEG 2000", "j2k": "JPEG 2000",
    "jpx": "JPEG 2000", "jxr": "JPEG XR", "ppm": "PPM", "pgm": "PGM", "pbm": "PBM", "pnm": "PNM", "pfm": "PFM",
    "tga": "TGA", "ico": "ICO", "svg": "SVG", "psd": "Photoshop", "xcf": "GIMP", "exr": "OpenEXR", "hdr": "Radiance",
    "dds": "DDS", "pcx": "PCX", "eps": "EPS", "dcm": "DICOM", "nii": "NIfTI", "fits": "FITS", "dng": "camera raw",
    "cr2": "camera raw", "cr3": "camera raw", "nef": "camera raw", "arw": "camera raw", "orf": "camera raw",
    "rw2": "camera raw", "raf": "camera raw",
  ]

  private static func decoded(_ format: ImageFormat) -> ImageFileKind {
    switch format {
    case .jpeg, .png, .bmp, .gif: .decodable(format)
    case .webP: WebPDecoder.shared == nil ? .missingLibrary(format, package: WebPDecoder.package) : .decodable(format)
    case .tiff: TIFFDecoder.shared == nil ? .missingLibrary(format, package: TIFFDecoder.package) : .decodable(format)
    }
  }
}

// MARK: - First bytes

extension ImageFileKind {
  private struct Signature: Sendable {
    let bytes: [UInt8]
    let offset: Int
    let result: Result

    enum Result: Sendable {
      case format(ImageFormat)
      case unsupported(String)
      case other(String)
    }

    init(_ bytes: [UInt8], at offset: Int = 0, _ result: Result) {
      (self.bytes, self.offset, self.result) = (bytes, offset, result)
    }

    init(_ text: String, at offset: Int = 0, _ result: Result) {
      self.init(Array(text.utf8), at: offset, result)
    }

    func matches(_ start: Span<UInt8>) -> Bool { start.starts(with: bytes, at: offset) }

    var kind: ImageFileKind {
      switch result {
      case .format(let format): ImageFileKind.decoded(format)
      case .unsupported(let name): .unsupported(name)
      case .other(let name): .other(name)
      }
    }
  }

  /// The known signatures in order of precedence, the short ones last.
  private static let signatures: [Signature] = [
    Signature(JPEGMarkers.signature, .format(.jpeg)),
    Signature(PNGChunks.signature, .format(.png)),
    Signature("WEBP", at: 8, .format(.webP)),
    Signature("GIF87a", .format(.gif)), Signature("GIF89a", .format(.gif)),
    Signature([0x49, 0x49, 0x2A, 0], .format(.tiff)), Signature([0x4D, 0x4D, 0, 0x2A], .format(.tiff)),
    Signature([0x49, 0x49, 0x2B, 0], .format(.tiff)), Signature([0x4D, 0x4D, 0, 0x2B], .format(.tiff)),
    Signature("ftypavif", at: 4, .unsupported("AVIF")), Signature("ftypmif1", at: 4, .unsupported("HEIF")),
    Signature("ftyphei", at: 4, .unsupported("HEIC")), Signature("ftyphev", at: 4, .unsupported("HEIC")),
    Signature("ftyp", at: 4, .unsupported("a video or image of the MPEG-4 family")),
    Signature([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20], .unsupported("JPEG 2000")),
    Signature([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20], .unsupported("JPEG XL")),
    Signature([0xFF, 0x0A], .unsupported("JPEG XL")),
    Signature("8BPS", .unsupported("Photoshop")), Signature([0x76, 0x2F, 0x31, 0x01], .unsupported("OpenEXR")),
    Signature("gimp xcf", .unsupported("GIMP")), Signature("DICM", at: 128, .unsupported("DICOM")),
    Signature("<svg", .unsupported("SVG")),
    Signature("P5\n", .unsupported("PGM")), Signature("P6\n", .unsupported("PPM")),
    Signature([0, 0, 1, 0], .unsupported("ICO")),
    Signature("<!DOCTYPE", .other("an HTML page")), Signature("<!doctype", .other("an HTML page")),
    Signature("<html", .other("an HTML page")), Signature("<?xml", .other("an XML file")),
    Signature("%PDF", .other("a PDF file")),
    Signature("version https://git-lfs", .other("a Git LFS pointer, not the file itself; run git lfs pull")),
    Signature([0x1F, 0x8B], .other("a gzip archive")), Signature("BZh", .other("a bzip2 archive")),
    Signature([0xFD, 0x37, 0x7A, 0x58, 0x5A], .other("an xz archive")),
    Signature([0x28, 0xB5, 0x2F, 0xFD], .other("a zstd archive")),
    Signature([0x50, 0x4B, 3, 4], .other("a ZIP archive")),
    Signature([0x50, 0x4B, 5, 6], .other("an empty ZIP archive")),
    Signature("Rar!", .other("a RAR archive")), Signature([0x37, 0x7A, 0xBC, 0xAF], .other("a 7z archive")),
    Signature([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], .other("a NumPy array")),
    Signature("BM", .format(.bmp)),
  ]
}
