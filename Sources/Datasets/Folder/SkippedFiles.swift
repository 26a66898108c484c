import ImageCodecs

/// The counts of files and folders that a scan does not use, by reason and by detail (name or ending).
package struct SkippedFiles: Sendable, Equatable {
  /// A reason not to use a file or a folder.
  package enum Kind: Int, Sendable, CaseIterable {
    /// An image in a format that this program cannot decode; counted by its ending.
    case imageFormat
    /// A file without the ending of an image; counted by its ending.
    case otherFile
    /// An image outside the folders that hold the data; counted by its name.
    case looseImage
    /// A folder that is neither a class nor a split; counted by its name.
    case folder
    /// A folder without a usable image; counted by its name.
    case emptyFolder
    /// A file or folder of an operating system, a NAS or a tool; counted by its name.
    case system
    /// A hidden file or folder, whose name begins with a dot.
    case hidden
    /// A socket, pipe or device.
    case special
    /// A symbolic link whose target does not exist, outside the folders that hold the data; counted by its name.
    case brokenLink
  }

  private var counts: [Kind: [String: Int]] = [:]
  /// The paths of the first files and folders of each kind, at most ``shownPaths``.
  private var paths: [Kind: [String]] = [:]
  private static let shownPaths = 4

  /// Creates counts of zero.
  package init() {}

  /// Counts one file or folder that is not used.
  ///
  /// - Parameters:
  ///   - kind: The reason.
  ///   - detail: The name or ending under which it is counted.
  ///   - path: The path relative to the folder that a message names.
  package mutating func add(_ kind: Kind, _ detail: String, at path: String) {
    counts[kind, default: [:]][detail, default: 0] += 1
    note([path], kind)
  }

  /// Adds the counts of another scan, whose paths begin in the folder `prefix`, which is empty or ends in a slash.
  package mutating func add(_ other: SkippedFiles, below prefix: String = "") {
    for (kind, details) in other.counts {
      counts[kind, default: [:]].merge(details, uniquingKeysWith: +)
      note((other.paths[kind] ?? []).map { path in prefix + path }, kind)
    }
  }

  private mutating func note(_ added: [String], _ kind: Kind) {
    let room = Self.shownPaths - (paths[kind]?.count ?? 0)
    if room > 0 { paths[kind, default: []] += added.prefix(room) }
  }

  /// Returns the counts that were added since an earlier state of the same scan.
  package func difference(from earlier: SkippedFiles) -> SkippedFiles {
    var difference = SkippedFiles()
    for (kind, details) in counts {
      for (detail, count) in details {
        let added = count - (earlier.counts[kind]?[detail] ?? 0)
        if added > 0 { difference.counts[kind, default: [:]][detail] = added }
      }
      difference.paths[kind] = (paths[kind] ?? []).filter { path in earlier.paths[kind]?.contains(path) != true }
    }
    return difference
  }

  /// Returns the number of files and folders that were skipped for one reason.
  package func count(_ kind: Kind) -> Int {
    counts[kind, default: [:]].values.reduce(0, +)
  }

  /// The counts of each reason, with its most frequent names or endings and its first paths, as text; `nil` if
  /// everything was used.
  package var text: String? {
    let parts = Kind.allCases.compactMap { kind in count(kind) > 0 ? text(of: kind) : nil }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private func text(of kind: Kind) -> String {
    let count = count(kind)
    let words =
      switch kind {
      case .imageFormat: count == 1 ? "image of a format that is not read" : "images of formats that are not read"
      case .otherFile: count == 1 ? "other file" : "other files"
      case .looseImage: count == 1 ? "image beside the folders" : "images beside the folders"
      case .folder: count == 1 ? "folder" : "folders"
      case .emptyFolder: count == 1 ? "folder without images" : "folders without images"
      case .system: count == 1 ? "system file or folder" : "system files or folders"
      case .hidden: "hidden"
      case .special: count == 1 ? "socket, pipe or device" : "sockets, pipes or devices"
      case .brokenLink: count == 1 ? "broken symbolic link" : "broken symbolic links"
      }
    return "\(count) \(words) (\(details(of: kind)))"
  }

  private func details(of kind: Kind) -> String {
    let paths = paths[kind] ?? []
    let shown = paths.joined(separator: ", ") + (count(kind) > paths.count && !paths.isEmpty ? ", …" : "")
    let isEnding = kind == .imageFormat || kind == .otherFile
    guard isEnding || kind == .system || kind == .hidden || paths.isEmpty else { return shown }
    let sorted = counts[kind, default: [:]].sorted { one, other in (other.value, one.key) < (one.value, other.key) }
    let frequent = sorted.prefix(isEnding ? 8 : 4).map { detail, count in
      isEnding || count > 1 ? "\(detail) \(count)" : detail
    }
    let names = frequent.joined(separator: ", ") + (sorted.count > frequent.count ? ", …" : "")
    return paths.isEmpty || shown == names ? names : "\(names): \(shown)"
  }
}

/// The classification of a file or folder by its name alone: image, not used, or written by this program.
enum EntryKind: Equatable {
  /// An image, recognized by its ending, that this program can decode.
  case image
  /// A file or folder that is not used, with the reason and the name or ending under which it is counted.
  case skipped(SkippedFiles.Kind, String)
  /// A file that this program wrote, which is neither used nor counted.
  case own

  /// The names of files and folders that operating systems, NAS devices and tools create, in lower case.
  private static let systemNames: Set<String> = [
    "@eadir", "#recycle", "@recycle", "#snapshot", "@tmp", "lost+found", "$recycle.bin", "recycler",
    "system volume information", "__macosx", ".ds_store", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd",
    ".documentrevisions-v100", ".temporaryitems", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", ".picasa.ini",
    ".ipynb_checkpoints", "__pycache__", ".git", ".svn", ".trash", ".directory",
  ]
  /// The file name endings of images that this program can decode on this host.
  private static let imageEndings = Set(FolderScan.endings)

  /// Decides from a file's name whether a scan uses the file.
  static func file(_ name: [UInt8]) -> EntryKind {
    let text = String(decoding: name, as: UTF8.self)
    if text == FolderScan.descriptionFile { return .own }
    if let kind = common(text) { return kind }
    guard let ending = ending(of: name) else { return .skipped(.otherFile, "without an ending") }
    if imageEndings.contains(ending) { return .image }
    switch ImageFileKind(ending: ending) {
    case .missingLibrary(_, let package): return .skipped(.imageFormat, ".\(ending) needs \(package):")
    case .decodable, .unsupported: return .skipped(.imageFormat, ".\(ending)")
    case .other, nil: return .skipped(.otherFile, ".\(ending)")
    }
  }

  /// Returns the reason not to scan a folder; `nil` if the folder is to be scanned.
  static func folder(_ name: [UInt8]) -> EntryKind? {
    common(String(decoding: name, as: UTF8.self))
  }

  private static func common(_ text: String) -> EntryKind? {
    // macOS stores resource forks in files `._NAME` on file systems that do not support them.
    if systemNames.contains(text.lowercased()) || text.hasPrefix(".Trash-") || text.hasPrefix(".nfs") {
      return .skipped(.system, text)
    }
    if text.hasPrefix("._") { return .skipped(.system, "._ files of macOS") }
    return text.hasPrefix(".") ? .skipped(.hidden, text) : nil
  }

  /// Returns the part of a name after the last dot, in lower case.
  private static func ending(of name: [UInt8]) -> String? {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, dot < name.count - 1, name.count - dot <= 9 else {
      return nil
    }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
  }
}
