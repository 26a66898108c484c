import Formats
import Glibc

/// The checks of the path that `--data` gives.
package enum DataPath {
  /// The kind of file or folder at a path.
  package enum Kind: Sendable, Equatable {
    /// A folder, or a link to one.
    case folder
    /// A regular file.
    case file
    /// A socket, pipe or device.
    case special
    /// A path that does not exist.
    case missing
  }

  /// Returns the kind of file at a path, following symbolic links.
  package static func kind(_ path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return .missing }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    default: return .special
    }
  }

  /// Returns true if the path is a list of labels: a file whose name ends in `.csv` or `.tsv`.
  package static func isList(_ path: String) -> Bool {
    kind(path) == .file && (path.lowercased().hasSuffix(".csv") || path.lowercased().hasSuffix(".tsv"))
  }

  /// Returns true if the path is to be opened as a pack: any file that is not a list of labels.
  package static func isPack(_ path: String) -> Bool {
    kind(path) == .file && !isList(path)
  }

  /// Returns the error for a path that is not a folder of images; `nil` for a folder, or if opening it will fail with
  /// its own error.
  package static func problem(_ path: String) -> FileError? {
    switch kind(path) {
    case .folder, .missing: nil
    case .special: FileError(.content, "\(path): is a socket, pipe or device; expected a folder of images")
    case .file:
      fileProblem(path) ?? FileError(.content, "\(path): is a file; expected a folder of images")
    }
  }

  /// Returns the error for a file that cannot be a pack; `nil` if it may be one.
  package static func fileProblem(_ path: String) -> FileError? {
    guard let file = try? ReadOnlyFile(path: path), let start = try? file.read(min(file.byteCount, 512), at: 0) else {
      return nil
    }
    guard !start.isEmpty else {
      return FileError(.content, "\(path): is empty; expected a folder of images, or a file of supcon dataset pack")
    }
    guard let format = format(of: start) else {
      // A pack is a safetensors file: the length of a JSON object in eight bytes, then the object.
      guard start.count < 9 || start[8] != UInt8(ascii: "{") else { return nil }
      return FileError(
        .content,
        "\(path): is a file of an unknown format; expected a folder of images, or a file of supcon dataset pack")
    }
    return FileError(.content, "\(path): is \(format.name); \(format.remedy)")
  }

  private static func format(of start: [UInt8]) -> (name: String, remedy: String)? {
    let archive = "unpack it and give the folder with the images"
    let image = "expected a folder of images, such as the one that this image lies in"
    let kinds: [(offset: Int, bytes: [UInt8], name: String, remedy: String)] = [
      (0, [0x50, 0x4B, 3, 4], "a ZIP archive", archive), (0, [0x50, 0x4B, 5, 6], "an empty ZIP archive", archive),
      (0, [0x1F, 0x8B], "a gzip archive", archive), (0, Array("BZh".utf8), "a bzip2 archive", archive),
      (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive", archive),
      (0, [0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", archive),
      (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", archive),
      (0, Array("Rar!".utf8), "a RAR archive", archive),
      (257, Array("ustar".utf8), "a tar archive", archive),
      (0, [0xFF, 0xD8, 0xFF], "a single JPEG image", image),
      (0, [0x89, 0x50, 0x4E, 0x47], "a single PNG image", image),
      (8, Array("WEBP".utf8), "a single WebP image", image), (0, Array("GIF8".utf8), "a single GIF image", image),
      (0, [0x49, 0x49, 0x2A, 0], "a single TIFF image", image),
      (0, [0x4D, 0x4D, 0, 0x2A], "a single TIFF image", image),
      (0, Array("BM".utf8), "a single BMP image", image),
      (
        0, [0x93] + Array("NUMPY".utf8), "a NumPy array",
        "expected a folder of images; supcon loss reads arrays of embeddings"
      ),
      (0, [0x89] + Array("HDF".utf8), "an HDF5 file", "write its images to a folder, one folder for each class"),
      (
        0, Array("PAR1".utf8), "a Parquet file", "write its images to a folder, one folder for each class"
      ),
    ]
    return kinds.first { kind in start.dropFirst(kind.offset).starts(with: kind.bytes) }.map { kind in
      (kind.name, kind.remedy)
    }
  }
}
