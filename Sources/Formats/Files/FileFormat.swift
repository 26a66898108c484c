/// The format of a file, recognized by the first bytes; used for messages, and before files are overwritten.
public enum FileFormat: String, Sendable, CaseIterable {
  case zip = "a ZIP archive"
  case emptyZip = "an empty ZIP archive"
  case gzip = "a gzip archive"
  case bzip2 = "a bzip2 archive"
  case xz = "an xz archive"
  case zstd = "a zstd archive"
  case sevenZip = "a 7z archive"
  case rar = "a RAR archive"
  case tar = "a tar archive"
  case jpeg = "a JPEG image"
  case png = "a PNG image"
  case webP = "a WebP image"
  case gif = "a GIF image"
  case tiff = "a TIFF image"
  case bmp = "a BMP image"
  case pdf = "a PDF file"
  case numPy = "a NumPy array"
  case hdf5 = "an HDF5 file"
  case parquet = "a Parquet file"
  case arrow = "an Arrow file"
  case matlab = "a MATLAB file"
  case pickle = "a pickle or a file of torch.save"
  case gguf = "a GGUF file"
  case safetensors = "a safetensors file"
  case lfsPointer = "a Git LFS pointer (git lfs pull gets the file)"
  case html = "an HTML page"
  case json = "a JSON file"
  case text = "a text file"

  /// The number of bytes at the start of a file that suffice to recognize the format.
  public static let startLength = 512

  /// The name of the format with its article, such as `a JSON file`.
  public var title: String { rawValue }

  /// True for an archive or a compressed file.
  public var isArchive: Bool { rawValue.hasSuffix("archive") }

  /// True for a single image.
  public var isImage: Bool { rawValue.hasSuffix("image") }

  /// True for a text format.
  public var isText: Bool { [.html, .json, .text].contains(self) }

  private static let signatures: [(format: FileFormat, offset: Int, bytes: [UInt8])] = [
    (.zip, 0, [0x50, 0x4B, 3, 4]), (.emptyZip, 0, [0x50, 0x4B, 5, 6]), (.gzip, 0, [0x1F, 0x8B]),
    (.bzip2, 0, Array("BZh".utf8)), (.xz, 0, [0xFD, 0x37, 0x7A, 0x58, 0x5A]), (.zstd, 0, [0x28, 0xB5, 0x2F, 0xFD]),
    (.sevenZip, 0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]), (.rar, 0, Array("Rar!".utf8)),
    (.tar, 257, Array("ustar".utf8)), (.jpeg, 0, [0xFF, 0xD8, 0xFF]), (.png, 0, [0x89, 0x50, 0x4E, 0x47]),
    (.webP, 8, Array("WEBP".utf8)), (.gif, 0, Array("GIF8".utf8)), (.tiff, 0, [0x49, 0x49, 0x2A, 0]),
    (.tiff, 0, [0x4D, 0x4D, 0, 0x2A]), (.bmp, 0, Array("BM".utf8)), (.pdf, 0, Array("%PDF".utf8)),
    (.numPy, 0, [0x93] + Array("NUMPY".utf8)), (.hdf5, 0, [0x89] + Array("HDF".utf8)),
    (.parquet, 0, Array("PAR1".utf8)), (.arrow, 0, Array("ARROW1".utf8)), (.gguf, 0, Array("GGUF".utf8)),
    (.matlab, 0, Array("MATLAB 5.0 MAT-file".utf8)), (.matlab, 0, Array("MATLAB 7.3 MAT-file".utf8)),
    // The versions of pickle that begin with their number.
    (.pickle, 0, [0x80, 2]), (.pickle, 0, [0x80, 3]), (.pickle, 0, [0x80, 4]), (.pickle, 0, [0x80, 5]),
    (.lfsPointer, 0, Array("version https://git-lfs".utf8)),
  ]

  /// Recognizes a format; `nil` if it is unknown or there are no bytes.
  ///
  /// - Parameter start: The first ``startLength`` bytes of the file, or all of a shorter file.
  public init?(start: [UInt8]) {
    // First, because the length of the header may begin like any signature.
    if Self.isSafetensors(start) {
      self = .safetensors
      return
    }
    let signature = Self.signatures.first { signature in start.dropFirst(signature.offset).starts(with: signature.bytes)
    }
    if let signature {
      self = signature.format
      return
    }
    guard let text = Self.text(start) else { return nil }
    let plain = text.drop(while: \.isWhitespace).lowercased()
    self =
      plain.hasPrefix("<!doctype html") || plain.hasPrefix("<html")
      ? .html : plain.hasPrefix("{") || plain.hasPrefix("[") ? .json : .text
  }

  /// Recognizes the format of a file; `nil` if it cannot be read, or is empty or unknown.
  public init?(ofFile path: String) {
    guard let start = try? ReadOnlyFile(path: path).start(Self.startLength) else { return nil }
    self.init(start: start)
  }

  /// Returns true for the length of a JSON object in eight bytes, then the object.
  private static func isSafetensors(_ start: [UInt8]) -> Bool {
    // Eight characters and a brace may begin a text; the length of a header has zero bytes at its end. In other binary
    // formats a brace is a number, which zero bytes follow.
    start.count > 9 && start[7] == 0 && start[8] == UInt8(ascii: "{") && start[9] != 0
  }

  /// Returns the bytes as UTF-8 text, except a character cut off at the end; `nil` if they are not text.
  private static func text(_ start: [UInt8]) -> String? {
    guard !start.isEmpty, !start.contains(where: { byte in byte < 0x20 && ![9, 10, 12, 13].contains(byte) }) else {
      return nil
    }
    return (0..<4).lazy.compactMap { cut in String(validating: start.dropLast(cut), as: UTF8.self) }.first
  }
}
