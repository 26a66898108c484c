import Formats
import Glibc

/// A folder as the search for splits and classes sees it.
struct FolderContents {
  /// The path.
  let path: String
  /// The folders that may hold images, sorted by bytes.
  let folders: [[UInt8]]
  /// The names of the images that lie in the folder itself.
  let images: [[UInt8]]
  /// All other entries.
  private(set) var passedOver = PassedOver()
  /// The names of all files.
  let files: [[UInt8]]

  /// Lists a folder.
  init(_ path: String) throws(FileError) {
    self.path = path
    let listing = try FolderListing(path.utf8)
    var folders: [[UInt8]] = []
    for name in listing.folders {
      if case .passedOver(let kind, let detail) = EntryKind.folder(name) {
        passedOver.add(kind, detail)
      } else {
        folders.append(name)
      }
    }
    var images: [[UInt8]] = []
    for name in listing.files {
      switch EntryKind.file(name) {
      case .image: images.append(name)
      case .passedOver(let kind, let detail): passedOver.add(kind, detail)
      case .own: break
      }
    }
    for name in listing.specials {
      passedOver.add(.special, text(name))
    }
    (self.folders, self.images, files) = (folders, images, listing.files)
  }

  /// The device and inode number of a folder, the same under any path; `nil` if there is none.
  static func identity(_ path: String) -> String? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }

  /// A folder below this one.
  func path(of folder: [UInt8]) -> String { "\(path)/\(text(folder))" }

  /// Returns true if the folder holds images in subfolders only, as a split does.
  func isTree(depth: Int = 0) -> Bool {
    images.isEmpty && holdsImages(in: folders, depth: depth)
  }

  /// Returns true if there is an image in the folder or below it.
  func holdsImages(depth: Int = 0) -> Bool {
    !images.isEmpty || holdsImages(in: folders, depth: depth)
  }

  private func holdsImages(in folders: [[UInt8]], depth: Int) -> Bool {
    // Deeper trees of folders are circles of links.
    guard depth < 8 else { return false }
    return folders.contains { folder in
      (try? FolderContents(path(of: folder)))?.holdsImages(depth: depth + 1) ?? false
    }
  }
}

/// A name as text; bytes that are not UTF-8 become replacement characters.
func text(_ bytes: some Collection<UInt8>) -> String {
  String(decoding: bytes, as: UTF8.self)
}

/// Names in a list, the first ten of many.
func list(_ names: some Collection<String>) -> String {
  names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", … (\(names.count))" : "")
}
