import Formats
import Glibc

/// A walk over a tree of folders that hold the images of one class each.
///
/// Classes, folders and files come in the order of torchvision's `ImageFolder`: classes by name, then files by folder, then by name, all
/// by their bytes. Symbolic links are followed.
public struct FolderScan {
  /// What decides that a file is taken for an image; what it is, its first bytes decide.
  public static let endings = ["jpg", "jpeg", "png"]
  /// Images that are not decoded here.
  private static let otherEndings: Set<String> = [
    "webp", "bmp", "tif", "tiff", "ppm", "pgm", "gif", "avif", "heic", "jp2", "jxl",
  ]

  /// The files.
  public private(set) var index: FolderIndex
  /// What could not be read or followed, where that does not end the scan.
  public private(set) var bad: [BadFile] = []

  private let isSkipping: Bool
  private var hiddenCount = 0
  private var otherImageCount = 0

  /// Walks over a tree.
  ///
  /// - Parameters:
  ///   - root: The folder that holds those of the classes.
  ///   - classes: The classes that there may be; absent for those that are found.
  ///   - isSkipping: Whether to leave out links in a circle and folders that cannot be read, instead of throwing.
  /// - Throws: ``FileError`` naming the path: a folder that is missing, holds no classes, or a class without images.
  public init(root: String, classes: [[UInt8]]? = nil, isSkipping: Bool = false) throws(FileError) {
    index = FolderIndex(root: root)
    self.isSkipping = isSkipping
    let listing = try FolderListing(root.utf8)
    try skipBroken(listing, in: [])
    let found = listing.folders.filter { name in !isHidden(name) }
    guard !found.isEmpty else {
      let images = listing.files.count { name in Self.ending(of: name).map(Self.endings.contains) ?? false }
      throw FileError(
        .content,
        "\(root): expected a folder for each class, found none"
          + (images > 0 ? " but \(images) images; put them into folders named after their classes" : ""))
    }
    if let classes, let unknown = found.first(where: { name in !classes.contains(name) }) {
      throw FileError(
        .content,
        "\(root)/\(text(unknown)): is no class of the training set, which has \(classes.count) others; rename the folder or add it there"
      )
    }
    let present = Set(found)
    for name in classes ?? found {
      index.appendClass(name)
      guard present.contains(name) else { continue }
      try scanClass(name, within: listing.identity)
    }
    index.shrink()
  }

  /// The names of the classes that a tree has.
  ///
  /// - Throws: ``FileError`` naming the folder.
  public static func classFolders(of root: String) throws(FileError) -> [[UInt8]] {
    try FolderListing(root.utf8).folders.filter { name in !isHidden(name) }
  }

  /// What was passed over, to be shown once; `nil` if nothing was.
  public var note: String? {
    let parts = [
      (otherImageCount, "of other types than JPEG and PNG"), (hiddenCount, "hidden (with a dot at the beginning)"),
    ].filter { count, _ in count > 0 }.map { count, what in "\(count) \(what)" }
    return parts.isEmpty ? nil : "\(index.root): passed over files and folders: \(parts.joined(separator: ", "))"
  }

  /// Adds the images of one class.
  private mutating func scanClass(_ name: [UInt8], within root: FolderListing.Identity) throws(FileError) {
    var folders: [(path: [UInt8], files: [[UInt8]])] = []
    try collect([], class: name, ancestors: [root], into: &folders)
    // Not the order of the walk: `a-b` comes between `a` and `a/b`.
    folders.sort { first, second in first.path.dropLast().lexicographicallyPrecedes(second.path.dropLast()) }
    let before = index.count
    for (path, files) in folders {
      for file in files {
        try index.append(path + file)
      }
    }
    guard index.count > before else {
      throw FileError(
        .content,
        "\(index.root)/\(text(name)): a class without images (\(Self.endings.map { ending in ".\(ending)" }.joined(separator: ", "))); add some, or remove the folder"
      )
    }
  }

  /// Adds a folder's images, and those of the folders below it.
  ///
  /// - Parameters:
  ///   - path: The folder's path below the class, empty or with a slash behind it.
  ///   - name: The class.
  ///   - ancestors: The folders that it lies in.
  ///   - folders: Receives the sorted names.
  /// - Throws: ``FileError`` naming a folder that cannot be listed, or a link, where that ends the scan.
  private mutating func collect(
    _ path: [UInt8], class name: [UInt8], ancestors: [FolderListing.Identity],
    into folders: inout [(path: [UInt8], files: [[UInt8]])]
  ) throws(FileError) {
    let slash = UInt8(ascii: "/")
    let whole = Array(index.root.utf8) + [slash] + name + [slash] + path
    let listing: FolderListing
    do throws(FileError) {
      listing = try FolderListing(whole.dropLast())
      guard !ancestors.contains(listing.identity) else {
        throw FileError(.content, "\(text(whole.dropLast())): is a link to a folder that it lies in; remove the link")
      }
    } catch {
      try skip(name + [slash] + path.dropLast(), error)
      return
    }
    try skipBroken(listing, in: name + [slash] + path)
    var files: [[UInt8]] = []
    for file in listing.files {
      if isHidden(file) {
        hiddenCount += 1
      } else if let ending = Self.ending(of: file) {
        if Self.endings.contains(ending) {
          files.append(file)
        } else if Self.otherEndings.contains(ending) {
          otherImageCount += 1
        }
      }
    }
    folders.append((path, files))
    for folder in listing.folders {
      if isHidden(folder) {
        hiddenCount += 1
      } else {
        try collect(path + folder + [slash], class: name, ancestors: ancestors + [listing.identity], into: &folders)
      }
    }
  }

  /// Notes what cannot be used, if the scan is to go on.
  private mutating func skip(_ path: [UInt8], _ error: FileError) throws(FileError) {
    guard isSkipping else { throw error }
    bad.append(BadFile(path: text(path), reason: error.description, kind: error.kind))
  }

  /// Links to nothing may have led to images or to folders of them.
  private mutating func skipBroken(_ listing: FolderListing, in folder: [UInt8]) throws(FileError) {
    for link in listing.brokenLinks where !isHidden(link) {
      let path = folder + link
      try skip(path, FileError(.missing, "\(index.root)/\(text(path)): is a link to nothing; mend it, or remove it"))
    }
  }

  /// What stands behind the last dot, in small letters.
  private static func ending(of name: [UInt8]) -> String? {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), name.count - dot <= 5 else { return nil }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
  }
}

/// A file that cannot be used.
public struct BadFile: Sendable, Equatable {
  /// Its path below the folder of all classes.
  public let path: String
  /// What is wrong with it, with its whole path.
  public let reason: String
  /// What kind of wrong.
  public let kind: FileError.Kind

  /// A bad file.
  public init(path: String, reason: String, kind: FileError.Kind) {
    self.path = path
    self.reason = reason
    self.kind = kind
  }
}

private func isHidden(_ name: [UInt8]) -> Bool {
  name.first == UInt8(ascii: ".")
}

private func text(_ bytes: some Collection<UInt8>) -> String {
  String(decoding: bytes, as: UTF8.self)
}
