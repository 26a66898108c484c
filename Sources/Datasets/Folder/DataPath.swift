import Formats
import Glibc

/// Checks of the path given with `--data`.
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
    /// A path that cannot be examined, as below a folder that this user may not enter, with the number of the error.
    case unreadable(Int32)
  }

  /// Returns the kind of file at a path, following symbolic links.
  package static func kind(_ path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    default: return .special
    }
  }

  /// A file in place of a folder of images.
  package enum SingleFile: Sendable {
    /// A list of labels, which says which images belong to which split.
    case list
    /// A file of decoded images, divided into splits.
    case pack
  }

  /// Returns which file in place of a folder is at a path; `nil` for a folder, a missing path and any other file.
  package static func singleFile(_ path: String?) -> SingleFile? {
    guard let path, kind(path) == .file else { return nil }
    return isList(path) ? .list : fileProblem(path) == nil ? .pack : nil
  }

  /// Returns true if the path is a list of labels: a file whose name ends in `.csv` or `.tsv`.
  package static func isList(_ path: String) -> Bool {
    kind(path) == .file && (path.lowercased().hasSuffix(".csv") || path.lowercased().hasSuffix(".tsv"))
  }

  /// Returns true if the path is to be opened as a pack: any file that is not a list of labels.
  package static func isPack(_ path: String) -> Bool {
    kind(path) == .file && !isList(path)
  }

  /// Returns the error for a path that is not a folder of images; `nil` for a folder, and for a missing path, which
  /// fails when it is opened.
  package static func problem(_ path: String) -> FileError? {
    switch kind(path) {
    case .folder, .missing: nil
    case .unreadable(let code): FileError(path: path, action: "examine it", code: code)
    case .special: FileError(.content, "\(path): is a socket, pipe or device; expected a folder of images")
    case .file:
      fileProblem(path) ?? FileError(.content, "\(path): is a file; expected a folder of images")
    }
  }

  /// Returns the error for a file that cannot be a pack; `nil` if it may be one.
  package static func fileProblem(_ path: String) -> FileError? {
    guard let start = try? ReadOnlyFile(path: path).start(FileFormat.startLength) else { return nil }
    guard !start.isEmpty else {
      return FileError(.content, "\(path): is empty; expected a folder of images, or a file of supcon dataset pack")
    }
    let format = FileFormat(start: start)
    if format != .safetensors, let folder = CIFARFiles.folder(ofFile: path) {
      return FileError(
        .content,
        "\(path): is one file of \(folder.title)'s binary version; give the folder it lies in: --data \(folder.path)")
    }
    if let format, format.isText {
      return FileError(
        .content,
        "\(path): is a text file; expected a folder of images, or a list of path,label with a name that ends in .csv or .tsv"
      )
    }
    if let text = title(ofFile: path, start, format) {
      return FileError(.content, "\(path): is \(text)")
    }
    guard let format else {
      return FileError(
        .content,
        "\(path): is a file of an unknown format; expected a folder of images, or a file of supcon dataset pack")
    }
    return format == .safetensors ? nil : FileError(.content, "\(path): is \(words(for: format))")
  }

  /// Returns the part of an error message about a file of another program by the ending of its name, because its bytes
  /// are those of any ZIP archive or Office document; `nil` for other files.
  private static func title(ofFile path: String, _ start: [UInt8], _ format: FileFormat?) -> String? {
    let isOldOffice = start.starts(with: [0xD0, 0xCF, 0x11, 0xE0])
    guard format == .zip || isOldOffice else { return nil }
    return switch path.split(separator: ".").last?.lowercased() {
    case "xlsx", "xlsm", "xlsb", "xls", "ods", "numbers":
      "a spreadsheet; save its table of path,label as CSV and give that file, with a name that ends in .csv"
    case "npz": "an archive of NumPy arrays; write its images to a folder, one folder for each class"
    case "pt", "pth", "ckpt": "a file of torch.save; expected a folder of images, or a file of supcon dataset pack"
    default: nil
    }
  }

  /// Returns the part of an error message about a file that is not a pack: its format, and what to give instead.
  private static func words(for format: FileFormat) -> String {
    switch format {
    case .numPy: "a NumPy array; expected a folder of images; supcon loss reads arrays of embeddings"
    case .hdf5, .parquet: "\(format.title); write its images to a folder, one folder for each class"
    case let format where format.isArchive: "\(format.title); unpack it and give the folder with the images"
    case let format where format.isImage:
      "a single \(format.title.dropFirst(2)); expected a folder of images, such as the one that this image lies in"
    default: "\(format.title); expected a folder of images, or a file of supcon dataset pack"
    }
  }
}
