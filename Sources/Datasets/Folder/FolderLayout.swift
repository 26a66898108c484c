import Formats

/// The assignment of a dataset's folders to the splits train, validation and test, found by names and structure.
///
/// A name is only a hint; the structure decides: a split's folder holds folders of images, a class's folder holds
/// images. A folder that fits neither is refused, and the error lists the folders found and the options that settle the
/// question (``FolderRequest``).
///
///     DATA/train/CLASS/…  DATA/val/CLASS/…  DATA/test/CLASS/…    splits, in any case and spelling (SplitName)
///     DATA/seg_train/seg_train/CLASS/…                           nested
///     DATA/train/CLASS/…  DATA/train/val/CLASS/…                 splits among the classes
///     DATA/CLASS/…                                               no splits
///     DATA/ONE/…, and nothing else                               as if DATA/ONE had been given
///     DATA/*.jpg                                                 no labels
package struct FolderLayout: Sendable, Equatable {
  /// The folder of the training split.
  package internal(set) var training: SplitFolder
  /// The folders of the validation and test splits, if they exist.
  package internal(set) var others: [Split: SplitFolder] = [:]
  /// The notes for the user about how folders were interpreted, one sentence each.
  package internal(set) var notes: [String] = []
  /// The files and folders found outside the splits, counted by the reason why they are not used.
  package internal(set) var skippedFiles = SkippedFiles()

  /// Finds the splits of a folder.
  ///
  /// - Throws: ``FileError`` of kind `missing` or `content`, with the folders found and the options that settle the
  ///   question.
  package init(_ request: FolderRequest) throws(FileError) {
    if let problem = DataPath.problem(request.path) { throw problem }
    if request.trainFolder != nil {
      self = try FolderLayout(given: request)
    } else {
      var search = SplitSearch(request)
      self = try search.layout()
    }
    try takeSplitsInside(request)
    dropUnlabeled()
    try checkDistinct()
    noteNeighbors(of: request.path)
  }

  /// Creates a layout with a training folder and no other split.
  init(training: SplitFolder) {
    self.training = training
  }

  /// The folder of one split; `nil` if there is none.
  package subscript(split: Split) -> SplitFolder? {
    split == .train ? training : others[split]
  }

  /// The splits that have a folder, in the order train, validation, test.
  package var splits: [Split] {
    Split.allCases.filter { split in self[split] != nil }
  }

  /// The split for final measurements: test, or validation if there is no labeled test folder.
  package var evaluationSplit: Split? {
    [.test, .validation].first { split in others[split] != nil }
  }

  /// The path where validation images would be found, for messages, such as `photos/val/CLASS/*`.
  package var placeOfOthers: String {
    let named = training.path.split(separator: "/").last.flatMap { name in SplitName(String(name)) }
    guard named?.split == .train, let slash = training.path.lastIndex(of: "/") else {
      return "\(training.path)/val/CLASS/*"
    }
    return "\(training.path[..<slash])/val/CLASS/*"
  }

  /// Creates a layout whose training folder is given by an option; the other splits are given too, or found beside it
  /// by name.
  private init(given request: FolderRequest) throws(FileError) {
    let root = try FolderContents(request.path)
    let path = try Self.given(.train, request) ?? request.path
    // The other splits are found by name beside the training folder only.
    if path != request.path { try Self.checkLinks(of: root, request) }
    self.init(training: SplitFolder(path: path))
    self.training.holdsOnlyClasses = path == request.path
    let training = try FolderContents(path)
    self.training.isUnlabeled = training.folders.isEmpty && !training.images.isEmpty
    for split in [Split.validation, .test] {
      if request[split] != nil {
        if let path = try Self.given(split, request) { try add(split, path) }
      } else if path != request.path {
        let named = root.folders.filter { name in SplitName(text(name)).map { $0.split == split && $0.isExact } ?? false
        }
        if named.count == 1 { try add(split, root.path(of: named[0])) }
      }
    }
    excludeFromTraining()
    if request[.validation] == nil, request[.test] == nil { noteUnused(root) }
  }

  /// Adds a note about folders of images beside the given ones, whose names do not say which split they are.
  private mutating func noteUnused(_ root: FolderContents) {
    let used = splits.compactMap { split in self[split]?.path }
    let unused = root.folders.filter { name in
      let path = root.path(of: name)
      return !used.contains { other in "\(other)/".hasPrefix("\(path)/") || "\(path)/".hasPrefix("\(other)/") }
        && (try? FolderContents(path))?.holdsImages() == true
    }
    guard !unused.isEmpty else { return }
    notes.append(
      "\(root.path) also holds \(list(unused.map { name in text(name) })), not used; --validation-folder or --test-folder names the folder of a split"
    )
  }

  /// Returns the path of the folder that an option gives for a split; `nil` for `none`.
  static func given(_ split: Split, _ request: FolderRequest) throws(FileError) -> String? {
    guard let folder = request[split], split == .train || folder != "none" else { return nil }
    let path = folder == "." ? request.path : folder.hasPrefix("/") ? folder : "\(request.path)/\(folder)"
    switch DataPath.kind(path) {
    case .folder: break
    case .unreadable(let code): throw FileError(path: path, action: "examine it", code: code)
    case .file, .special, .missing:
      throw FileError(.missing, "\(FolderRequest.option(split)) \(folder): there is no folder \(path)")
    }
    // A folder inside the dataset is kept out of the classes by the start of its path, however that is written, and
    // through links too.
    let ways = [
      (path.absolutePath, request.path.absolutePath), (path.resolvedPath, request.path.resolvedPath),
    ]
    for (own, root) in ways where own == root || own.hasPrefix("\(root)/") {
      return "\(request.path)\(own.dropFirst(root.count))"
    }
    return FolderRequest(path: path).path
  }

  /// Throws if a broken symbolic link has the name of a split whose folder no option gives: without the link's target
  /// the dataset would seem to have no such split.
  static func checkLinks(of root: FolderContents, _ request: FolderRequest) throws(FileError) {
    for link in root.brokenLinks {
      guard let named = SplitName(text(link)), named.isExact, request[named.split] == nil else { continue }
      throw FolderListing.problem(ofLink: root.path(of: link), ", by its name to the \(named.split.title) images")
    }
  }

  /// Adds the folder of a split and records whether its images have labels.
  mutating func add(_ split: Split, _ path: String) throws(FileError) {
    var folder = SplitFolder(path: path)
    let contents = try FolderContents(path)
    folder.isUnlabeled = contents.folders.isEmpty && !contents.images.isEmpty
    others[split] = folder
  }

  /// Excludes the folders of other splits from a training folder that contains them.
  mutating func excludeFromTraining() {
    for folder in others.values where folder.path.hasPrefix(training.path + "/") {
      let rest = folder.path.dropFirst(training.path.count + 1)
      training.excluded.insert(Array(rest.prefix { character in character != "/" }.utf8))
    }
  }

  /// Returns advice for an error message if a folder without classes holds a file that may list labels, or may be just
  /// one class of its parent folder; else empty.
  package static func placeAdvice(of path: String) -> String {
    let path = FolderRequest(path: path).path
    guard let own = try? FolderContents(path) else { return "" }
    let lists = own.files.map { name in "\(path)/\(text(name))" }.filter(DataPath.isList)
    if let list = lists.first {
      return "; if \(list) holds their labels, give --data \(list), with paths in it that are relative to \(path)"
    }
    let parent = path.parentFolder
    guard !own.images.isEmpty, let contents = try? FolderContents(parent), contents.images.isEmpty,
      contents.folders.count > 1
    else {
      return ""
    }
    let siblings = contents.folders.prefix(5).filter { name in
      (try? contents.subfolder(name))?.images.isEmpty == false
    }
    guard siblings.count > 1 else { return "" }
    return
      "; \(parent) holds \(contents.folders.count) folders such as \(text(siblings[0])): perhaps --data \(parent) is meant"
  }

  /// Removes validation and test folders without labels, unless the training images have no labels either.
  private mutating func dropUnlabeled() {
    guard !training.isUnlabeled else { return }
    for split in [Split.validation, .test] {
      guard let folder = others[split], folder.isUnlabeled else { continue }
      others[split] = nil
      notes.append("\(folder.path) is not used: it holds images, but no folder for each class")
    }
  }

  /// Throws if two splits are the same folder, or share one of a class through a link, because accuracies on training
  /// images would be misleading.
  private func checkDistinct() throws(FileError) {
    guard !others.isEmpty else { return }
    let places = splits.compactMap { split in
      self[split].flatMap { folder in FileIdentity(path: folder.path).map { (split, folder.path, $0) } }
    }
    for (index, (split, path, identity)) in places.enumerated() {
      guard let (other, otherPath, _) = places[..<index].first(where: { place in place.2 == identity }) else {
        continue
      }
      throw oneFolder(split, path, other, otherPath)
    }
    var owners: [FileIdentity: (split: Split, path: String)] = [:]
    for split in splits {
      guard let folder = self[split], let contents = try? FolderContents(folder.path) else { continue }
      for name in contents.folders where !folder.excluded.contains(name) {
        let path = contents.path(of: name)
        guard let identity = contents.identity(of: name) else { continue }
        // A class that is another split as a whole, which an option may name by a link.
        if let (other, otherPath, _) = places.first(where: { place in place.0 != split && place.2 == identity }) {
          throw oneFolder(other, otherPath, split, path)
        }
        if let other = owners[identity], other.split != split {
          throw oneFolder(split, path, other.split, other.path)
        }
        owners[identity] = (split, path)
      }
    }
  }

  private func oneFolder(_ split: Split, _ path: String, _ other: Split, _ otherPath: String) -> FileError {
    FileError(
      .content,
      "\(path): \(split.title) and \(other.title) images are one folder\(path == otherPath ? "" : " (\(otherPath) is the same)"); give folders with different images, \(FolderRequest.option(split)) none, or --validation-fraction"
    )
  }

  /// Adds a note if other splits lie next to the given training folder, which may have been chosen one level too low.
  private mutating func noteNeighbors(of path: String) {
    let parent = path.parentFolder
    guard others.isEmpty, SplitName(path.lastComponent)?.split == .train, let contents = try? FolderContents(parent)
    else { return }
    let neighbors = contents.folders.filter { folder in
      SplitName(text(folder)).map { named in named.split != .train } ?? false
    }
    guard !neighbors.isEmpty else { return }
    notes.append(
      "\(parent) also holds \(list(neighbors.map { folder in text(folder) })); to validate or test on them, give --data \(parent)"
    )
  }
}
