import Formats
import Glibc

/// The entries of a folder, grouped by their use in the search for splits and classes.
struct FolderContents {
  /// The path of the folder.
  let path: String
  /// The path as bytes, which need not be UTF-8.
  private let pathBytes: [UInt8]
  /// The folder itself, under any path.
  private let identity: FileIdentity
  /// The names of subfolders that may hold images, in byte order.
  let folders: [[UInt8]]
  /// The names of image files directly in the folder.
  let images: [[UInt8]]
  /// The counts of the entries that are not used, by reason.
  private(set) var skippedFiles = SkippedFiles()
  /// The names of all files directly in the folder, images or not.
  let files: [[UInt8]]
  /// The names of broken symbolic links, which may have led to a folder or an image, in byte order.
  let brokenLinks: [[UInt8]]

  /// Lists a folder and classifies its entries.
  init(_ path: String) throws(FileError) { try self.init(Array(path.utf8)) }

  private init(_ pathBytes: [UInt8]) throws(FileError) {
    self.pathBytes = pathBytes
    path = text(pathBytes)
    let listing = try FolderListing(pathBytes)
    identity = listing.identity
    var folders: [[UInt8]] = []
    for name in listing.folders {
      if case .skipped(let kind, let detail) = EntryKind.folder(name) {
        skippedFiles.add(kind, detail, at: text(name))
      } else {
        folders.append(name)
      }
    }
    var images: [[UInt8]] = []
    for name in listing.files {
      switch EntryKind.file(name) {
      case .image: images.append(name)
      case .skipped(let kind, let detail): skippedFiles.add(kind, detail, at: text(name))
      case .own: break
      }
    }
    for name in listing.specials {
      skippedFiles.add(.special, text(name), at: text(name))
    }
    var brokenLinks: [[UInt8]] = []
    for name in listing.brokenLinks {
      if case .skipped(let kind, let detail)? = EntryKind.folder(name) {
        skippedFiles.add(kind, detail, at: text(name))
      } else {
        skippedFiles.add(.brokenLink, text(name), at: text(name))
        brokenLinks.append(name)
      }
    }
    (self.folders, self.images, files, self.brokenLinks) = (folders, images, listing.files, brokenLinks)
  }

  /// Returns the path of a subfolder as text, in which bytes that are not UTF-8 are replaced.
  func path(of folder: [UInt8]) -> String { "\(path)/\(text(folder))" }

  /// Lists a subfolder.
  func subfolder(_ name: [UInt8]) throws(FileError) -> FolderContents {
    try FolderContents(bytes(of: name))
  }

  /// Returns the identity of a subfolder; `nil` if it cannot be examined.
  func identity(of folder: [UInt8]) -> FileIdentity? {
    FileIdentity(pathBytes: bytes(of: folder))
  }

  private func bytes(of folder: [UInt8]) -> [UInt8] { pathBytes + [UInt8(ascii: "/")] + folder }

  /// Returns true if images are in subfolders only, as in the folder of a split with class folders.
  func isTree() -> Bool { images.isEmpty && holdsImages() }

  /// True if images are in several subfolders, with fewer images beside them than there are such subfolders: those are
  /// strays, as in the folder of a split into which a file was copied by mistake.
  var isTreeWithStrays: Bool {
    guard !images.isEmpty else { return isTree() }
    let holding = folders.count { folder in (try? subfolder(folder))?.holdsImages() ?? false }
    return holding > 1 && images.count < holding
  }

  /// Returns true if there is an image in the folder or in its subfolders.
  func holdsImages() -> Bool {
    var visited: Set<FileIdentity> = []
    return holdsImages(besides: &visited)
  }

  /// Searches each folder once: links may lead back to it, along more ways than can be followed.
  private func holdsImages(besides visited: inout Set<FileIdentity>) -> Bool {
    guard images.isEmpty else { return true }
    guard visited.insert(identity).inserted else { return false }
    return folders.contains { folder in (try? subfolder(folder))?.holdsImages(besides: &visited) ?? false }
  }
}

/// Returns a name as text; bytes that are not UTF-8 become replacement characters.
func text(_ bytes: some Collection<UInt8>) -> String {
  String(decoding: bytes, as: UTF8.self)
}

/// Joins names with commas; of more than ten, shows the first ten and the number of the others.
func list(_ names: some Collection<String>) -> String {
  names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", … (\(names.count))" : "")
}
