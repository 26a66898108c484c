import Formats
import ImageCodecs
import Spelling

/// A recursive listing of the images in a split's folder, whose subfolders are the classes, or in a folder of images
/// without labels.
///
/// The order is that of torchvision's `ImageFolder`: classes by name, within a class folders by path, within a folder
/// files by name, all compared by bytes. Symbolic links are followed.
package struct FolderScan {
  /// The file name endings of images; the actual format is read from a file's first bytes.
  package static let endings = ImageFileKind.decodableEndings
  /// The class name given to images without labels.
  package static let unlabeledClass = "unlabeled"
  /// The name of the file in which a run stores the statistics of a folder's images; no scan counts it.
  package static let descriptionFile = "supcon-dataset.json"

  /// The list of image files found.
  package private(set) var index: FolderIndex
  /// The files and folders that could not be read and were skipped.
  package private(set) var bad: [BadFile] = []
  /// The counts of files and folders that are not used, by reason.
  package private(set) var skippedFiles = SkippedFiles()

  private let isSkipping: Bool
  /// The label of the class in which each folder was listed first.
  private var owners: [FileIdentity: Int] = [:]
  private static let slash = UInt8(ascii: "/")

  /// Scans a tree of class folders.
  ///
  /// - Parameters:
  ///   - root: The folder that contains the class folders.
  ///   - classes: The classes of the training set; `nil` to take those found.
  ///   - isSkipping: True to skip circular links and folders that cannot be read, instead of throwing.
  /// - Throws: ``FileError`` naming the path: a folder that is missing or holds no classes, a class without images, a
  ///   class that is not among `classes`, a folder that belongs to two classes through a link, or a dataset in place of
  ///   a class.
  package init(root: String, classes: [[UInt8]]? = nil, isSkipping: Bool = false) throws(FileError) {
    try self.init(SplitFolder(path: root), classes: classes, isSkipping: isSkipping)
  }

  /// Scans the folder of a split.
  ///
  /// - Parameters:
  ///   - folder: The folder, with class folders or with images without labels.
  ///   - classes: The classes of the training set; `nil` to take those found.
  ///   - isSkipping: True to skip circular links and folders that cannot be read, instead of throwing.
  /// - Throws: ``FileError`` naming the path, as for a tree of class folders.
  package init(_ folder: SplitFolder, classes: [[UInt8]]? = nil, isSkipping: Bool = false) throws(FileError) {
    self.isSkipping = isSkipping
    let root = folder.path
    index = FolderIndex(root: root, areClassesFolders: !folder.isUnlabeled)
    guard !folder.isUnlabeled else {
      index.appendClass(Array(Self.unlabeledClass.utf8))
      _ = try scan([], within: [])
      index.shrink()
      return
    }
    let listing = try FolderListing(root.utf8)
    try skipBroken(listing, in: [])
    let looseImages = images(of: listing, in: [])
    for name in looseImages { skippedFiles.add(.looseImage, text(name), at: text(name)) }
    let found = listing.folders.filter { name in !folder.excluded.contains(name) && isUsed(folder: name, in: []) }
    guard !found.isEmpty else { throw noClasses(root, looseImages.count) }
    try checkNames(found, classes)
    let present = Set(found)
    var nested = NestedClasses(among: present)
    for name in classes ?? found {
      index.appendClass(name)
      guard present.contains(name) else { continue }
      let before = index.count
      let (seen, unlisted) = (skippedFiles, bad.count)
      nested.add(name, folders: try scan(name + [Self.slash], within: [listing.identity]))
      guard index.count > before || classes != nil else {
        // A folder that cannot be listed is not empty.
        throw bad.dropFirst(unlisted).first.map { file in FileError(file.kind, file.reason) } ?? emptyClass(name, seen)
      }
    }
    // Folders of other splits were compared with the classes of the training set.
    if classes == nil, !folder.holdsOnlyClasses, let problem = nested.problem(in: root) { throw problem }
    owners = [:]
    index.shrink()
  }

  /// Returns the names of the class folders in a split's folder.
  ///
  /// - Throws: ``FileError`` naming the folder.
  package static func classFolders(of folder: SplitFolder) throws(FileError) -> [[UInt8]] {
    guard !folder.isUnlabeled else { return [Array(unlabeledClass.utf8)] }
    return try FolderListing(folder.path.utf8).folders.filter { name in
      EntryKind.folder(name) == nil && !folder.excluded.contains(name)
    }
  }

  /// A note for the user about files and folders that are not used; `nil` if there are none.
  package var note: String? {
    skippedFiles.text.map { text in "\(index.root): passed over \(text)" }
  }

  /// Notes for the user about unusual class names.
  package var nameNotes: [String] {
    Lookalikes.sentences(index.classFolders).map { sentence in "\(index.root): \(sentence)" }
      + [Self.numberNote(index.classNames, of: index.root)].compactMap { note in note }
  }

  /// Returns the note for class names that are numbers and not in their order, or `nil`.
  package static func numberNote(_ names: [String], of path: String) -> String? {
    guard names.count > 2, names.allSatisfy({ name in Int(name) != nil }) else { return nil }
    let byNumber = names.sorted(by: isLess)
    guard let label = names.indices.first(where: { label in names[label] != byNumber[label] }) else { return nil }
    return
      "\(path): the classes are numbers in the order of text, so that label \(label) is class \(names[label]); supcon dataset info lists them by label"
  }

  private static func isLess(_ one: String, _ other: String) -> Bool {
    (Int(one) ?? 0) < (Int(other) ?? 0)
  }

  // MARK: - Problems

  private func noClasses(_ root: String, _ looseImages: Int) -> FileError {
    let seen =
      looseImages > 0
      ? " but \(looseImages) images; put them into folders named after their classes"
      : skippedFiles.text.map { text in "; it holds \(text)" } ?? "; it is empty"
    let isEmpty = looseImages == 0 && skippedFiles.text == nil
    return FileError(
      .content,
      isEmpty
        ? "\(root): is empty; expected a folder for each class"
        : "\(root): expected a folder for each class, found none\(seen)")
  }

  private func emptyClass(_ name: [UInt8], _ before: SkippedFiles) -> FileError {
    let seen = skippedFiles.difference(from: before).text
    return FileError(
      .content,
      "\(index.root)/\(text(name)): a class without images; it \(seen.map { seen in "holds \(seen)" } ?? "is empty"); "
        + "add images (\(Self.endings.map { ending in ".\(ending)" }.joined(separator: ", "))), convert what is there, or remove the folder"
    )
  }

  /// Checks that the class folders found in another split are among the classes of the training set.
  private func checkNames(_ found: [[UInt8]], _ classes: [[UInt8]]?) throws(FileError) {
    guard let classes else { return }
    let known = Set(classes)
    let unknown = found.filter { name in !known.contains(name) }
    guard let first = unknown.first else { return }
    let path = "\(index.root)/\(text(first))"
    for name in classes {
      guard let difference = Lookalikes.difference(first, name) else { continue }
      throw FileError(
        .content,
        "\(path): is not a class of the training set, but differs only \(difference) from its class '\(text(name))'; rename one of the two"
      )
    }
    let others = unknown.count > 1 ? " (so are \(list(unknown.dropFirst().map { name in text(name) })))" : ""
    throw FileError(
      .content,
      "\(path): is not a class of the training set\(others), which has \(classes.count): \(list(classes.map { name in text(name) })); "
        + "rename the folder, add it to the training set, or choose another folder with --validation-folder or --test-folder, whose value none leaves the split out"
    )
  }

  // MARK: - Walking

  /// Returns the names of a folder's images, and counts its other files as not used.
  ///
  /// - Parameters:
  ///   - listing: The entries of the folder.
  ///   - folder: The folder's path relative to the root: empty, or ending in a slash.
  /// - Returns: The names, in byte order.
  private mutating func images(of listing: FolderListing, in folder: [UInt8]) -> [[UInt8]] {
    var images: [[UInt8]] = []
    for name in listing.files {
      switch EntryKind.file(name) {
      case .image: images.append(name)
      case .skipped(let kind, let detail): skippedFiles.add(kind, detail, at: text(folder + name))
      case .own: break
      }
    }
    for name in listing.specials { skippedFiles.add(.special, text(name), at: text(folder + name)) }
    return images
  }

  private mutating func isUsed(folder name: [UInt8], in parent: [UInt8]) -> Bool {
    guard case .skipped(let kind, let detail) = EntryKind.folder(name) else { return true }
    skippedFiles.add(kind, detail, at: text(parent + name))
    return false
  }

  /// Adds the images of one class, or of the root if there are no class folders.
  ///
  /// - Parameters:
  ///   - prefix: The class's folder followed by a slash, or empty.
  ///   - ancestors: The identities of the folders above it, to detect circular links.
  /// - Returns: The folders with the names of their images; paths as ``collect(_:_:_:into:)`` gives them.
  /// - Throws: ``FileError`` naming a folder or link that ends the scan.
  private mutating func scan(
    _ prefix: [UInt8], within ancestors: [FileIdentity]
  ) throws(FileError) -> [(path: [UInt8], files: [[UInt8]])] {
    var folders: [(path: [UInt8], files: [[UInt8]])] = []
    try collect([], prefix, ancestors, into: &folders)
    // Sorted here, because the recursion visits folders in another order: `a-b` belongs between `a` and `a/b`.
    folders.sort { first, second in first.path.dropLast().lexicographicallyPrecedes(second.path.dropLast()) }
    for (path, files) in folders {
      for file in files {
        try index.append(path + file)
      }
    }
    return folders
  }

  /// Collects the names of a folder's images, and recursively those in its subfolders.
  ///
  /// - Parameters:
  ///   - path: The folder's path relative to the prefix: empty, or ending in a slash.
  ///   - prefix: The class's folder followed by a slash, or empty.
  ///   - ancestors: The identities of the folders above it, to detect circular links.
  ///   - folders: Receives the path of each folder with the names of its images.
  /// - Throws: ``FileError`` naming a folder that cannot be listed, or a link, if that ends the scan.
  private mutating func collect(
    _ path: [UInt8], _ prefix: [UInt8], _ ancestors: [FileIdentity],
    into folders: inout [(path: [UInt8], files: [[UInt8]])]
  ) throws(FileError) {
    let whole = Array(index.root.utf8) + [Self.slash] + prefix + path
    let listing: FolderListing
    do throws(FileError) {
      listing = try FolderListing(whole.dropLast())
      guard !ancestors.contains(listing.identity) else {
        throw FileError(.content, "\(text(whole.dropLast())): is a link to a folder that it lies in; remove the link")
      }
      try claim(listing, at: whole.dropLast())
    } catch {
      try skip(Array((prefix + path).dropLast()), error)
      return
    }
    try skipBroken(listing, in: prefix + path)
    folders.append((path, images(of: listing, in: prefix + path)))
    for folder in listing.folders where isUsed(folder: folder, in: prefix + path) {
      try collect(path + folder + [Self.slash], prefix, ancestors + [listing.identity], into: &folders)
    }
  }

  /// Records a folder as one of the present class; throws if it belongs to another class too, through a link: the same
  /// images would have two labels.
  private mutating func claim(_ listing: FolderListing, at path: ArraySlice<UInt8>) throws(FileError) {
    let label = index.classFolders.count - 1
    let owner = owners[listing.identity] ?? label
    guard owner == label else {
      throw FileError(
        .content,
        "\(text(path)): is a folder of the class '\(index.classNames[owner])' too, through a link, so that its images would have two classes; remove the link"
      )
    }
    owners[listing.identity] = label
  }

  /// Records a file or folder that cannot be read; throws `error` instead if the scan does not skip such entries.
  private mutating func skip(_ path: [UInt8], _ error: FileError) throws(FileError) {
    guard isSkipping else { throw error }
    bad.append(BadFile(path: text(path), reason: error.description, kind: error.kind))
  }

  /// Records the broken symbolic links of a folder, which may have pointed to images; throws if the scan does not skip
  /// them.
  private mutating func skipBroken(_ listing: FolderListing, in folder: [UInt8]) throws(FileError) {
    for link in listing.brokenLinks {
      if case .skipped(let kind, let detail)? = EntryKind.folder(link) {
        skippedFiles.add(kind, detail, at: text(folder + link))
        continue
      }
      let path = folder + link
      try skip(path, FolderListing.problem(ofLink: "\(index.root)/\(text(path))"))
    }
  }
}
