import Formats

/// A file that lists the labels of images, for datasets without class folders.
///
///     path,label,split          (a header is optional; so is the split)
///     images/0001.jpg,cat,train
///     "images/a, b.jpg",dog,val
///
/// Fields are separated by commas, semicolons, tabs, bars or spaces (detected in the first line) and may be quoted as
/// in RFC 4180. Without a header, the path is the column of image names (``ListColumns``). Paths are relative to the
/// list's folder. An image without a split is a training image. Error messages name the line.
package struct LabelList: Sendable, Equatable {
  /// The list's entry about one image.
  package struct Entry: Sendable, Equatable {
    /// The path, relative to the list's folder or absolute.
    package let path: String
    /// The name of the image's class.
    package let label: String
    package let split: Split
    /// The number of the entry's line, counted from 1.
    package let line: Int
  }

  /// The entries in the order of the lines.
  package private(set) var entries: [Entry] = []
  /// The folder of the list, to which paths are relative.
  package let root: String
  private let path: String
  /// The names of the columns that are not used.
  private var unusedColumns: [String] = []
  /// True if fields are separated by spaces.
  private let isSpaced: Bool

  /// Reads a list and checks that every image file exists and is listed once.
  ///
  /// - Throws: ``FileError`` naming the list and the line.
  package init(path: String) throws(FileError) {
    guard let text = String(validating: try ReadOnlyFile(path: path).contents(), as: UTF8.self) else {
      throw FileError(.content, "\(path): is not UTF-8 text; save the list as UTF-8")
    }
    try self.init(text, path: path)
    try checkFiles()
  }

  /// Parses the text of a list.
  package init(_ text: String, path: String) throws(FileError) {
    self.path = path
    root = path.parentFolder
    // A path would end there for the system, so that it names another file than its text.
    if let zero = text.utf8.firstIndex(of: 0) {
      throw FileError(
        .content,
        "\(path), line \(text.utf8[..<zero].count { byte in byte == 0x0A } + 1): has a zero byte; save the list as UTF-8 text"
      )
    }
    let parsed = try CSVRecords(text, path: path)
    let records = parsed.records
    isSpaced = parsed.separator == " "
    guard let first = records.first else {
      throw FileError(.content, "\(path): is empty; expected lines of path,label")
    }
    let columns: ListColumns
    do throws(ListColumns.Problem) {
      columns = try ListColumns(records) { [root] field in Self.isFile(field, below: root) }
    } catch {
      throw problem(first.line, error.text)
    }
    unusedColumns = columns.unused
    let folder = root.absolutePath
    var lines: [String: Int] = [:]
    for record in columns.hasHeader ? records.dropFirst() : records[...] {
      let entry = try entry(record, columns, fieldCount: first.fields.count)
      if let earlier = lines.updateValue(record.line, forKey: Self.normalized(entry.path, below: folder)),
        isFile(entry.path, ofLine: earlier)
      {
        throw problem(record.line, "\(entry.path) is in line \(earlier) already; list each image once")
      }
      entries.append(entry)
    }
    guard !entries.isEmpty else { throw FileError(.content, "\(path): has a header and no image") }
  }

  /// Returns the full path of an image: the path itself if absolute, else relative to the list's folder.
  private func whole(_ path: String) -> String { Self.whole(path, below: root) }

  private static func whole(_ path: String, below root: String) -> String {
    path.hasPrefix("/") ? path : "\(root)/\(path)"
  }

  private static let endings = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "webp", "tif", "bmp"]

  /// Returns true if a field is the path of a file, perhaps but for its ending.
  private static func isFile(_ field: String, below root: String) -> Bool {
    guard !field.isEmpty else { return false }
    let path = whole(field, below: root)
    return ([path] + endings.map { ending in "\(path).\(ending)" }).contains { path in DataPath.kind(path) == .file }
  }

  /// Returns advice for a missing file if one exists under a similar path (other slashes, fewer folders, or with an
  /// ending), or if its path is one of Windows; else empty.
  private func spellingAdvice(_ path: String) -> String {
    let slashed = path.replacing("\\", with: "/")
    let parts = slashed.split(separator: "/")
    let found = ([slashed] + parts.indices.map { start in parts[start...].joined(separator: "/") }).first { candidate in
      candidate != path && DataPath.kind(whole(candidate)) == .file
    }
    if let found {
      return slashed == path
        ? "; write paths relative to that folder, as in \(found)" : "; write / in place of \\, as in \(found)"
    }
    let folders = ((try? FolderContents(root))?.folders ?? []).prefix(100).map { name in text(name) }
    if let folder = folders.first(where: { folder in Self.isFile("\(folder)/\(slashed)", below: root) }) {
      let inner = whole("\(folder)/\(slashed)")
      let ending = DataPath.kind(inner) == .file ? nil : Self.endings.first { DataPath.kind("\(inner).\($0)") == .file }
      return "; write them with their folder, as in \(folder)/\(slashed)\(ending.map { ending in ".\(ending)" } ?? "")"
    }
    if let ending = Self.endings.first(where: { ending in DataPath.kind("\(whole(path)).\(ending)") == .file }) {
      return "; write paths with their endings, as in \(path).\(ending)"
    }
    return slashed == path
      ? isSpaced ? "; spaces separate the fields here: quote paths that have spaces" : ""
      : "; write paths relative to that folder, with / in place of \\"
  }

  private func entry(
    _ record: CSVRecords.Record, _ columns: ListColumns, fieldCount: Int
  ) throws(FileError) -> Entry {
    let fields = record.fields.map(\.trimmed)
    guard fields.count == fieldCount, fields.count > max(columns.path, columns.label) else {
      throw problem(
        record.line,
        fields.count < 2
          ? "has one field, '\(list(fields))'; expected path,label"
          : "has \(fields.count) fields, the first line \(fieldCount); quote paths that have a separator")
    }
    let (path, label) = (fields[columns.path], fields[columns.label])
    guard !path.isEmpty else { throw problem(record.line, "has no path") }
    guard !label.isEmpty else { throw problem(record.line, "has no label for \(path)") }
    guard !["nan", "null", "<na>", "#n/a"].contains(label.lowercased()) else {
      throw problem(record.line, "has the label '\(label)', a missing value; leave images without a label out")
    }
    do throws(ListColumns.Problem) {
      return Entry(path: path, label: label, split: try columns.splits.split(of: fields), line: record.line)
    } catch {
      throw problem(record.line, error.text)
    }
  }

  /// Checks that every path is a file.
  private func checkFiles() throws(FileError) {
    for entry in entries {
      switch DataPath.kind(whole(entry.path)) {
      case .file: break
      case .folder: throw problem(entry.line, "\(entry.path) is a folder; expected an image")
      case .special: throw problem(entry.line, "\(entry.path) is a socket, pipe or device; expected an image")
      case .unreadable(let code):
        let error = FileError(path: whole(entry.path), action: "examine it", code: code)
        throw FileError(error.kind, "\(path), line \(entry.line): \(error)")
      case .missing:
        let whole = whole(entry.path)
        let links = (try? FolderListing(whole.parentFolder.utf8))?.brokenLinks ?? []
        let reason =
          links.contains(Array(whole.lastComponent.utf8))
          ? "\(whole) is a broken symbolic link; fix it, or leave it out"
          : "there is no file \(whole); paths are relative to the list's folder, \(root)\(spellingAdvice(entry.path))"
        throw FileError(.missing, "\(path), line \(entry.line): \(reason)")
      }
    }
  }

  private func problem(_ line: Int, _ problem: String) -> FileError {
    FileError(.content, "\(path), line \(line): \(problem)")
  }

  /// Returns an absolute path without `.`, `..` and empty components, so that equal paths compare equal.
  private static func normalized(_ path: String, below root: String) -> String {
    var components: [Substring] = []
    for component in whole(path, below: root).split(separator: "/") where component != "." {
      if component == ".." {
        _ = components.popLast()
      } else {
        components.append(component)
      }
    }
    return components.joined(separator: "/")
  }

  /// Returns true if a path is the file of an earlier line, whose ``normalized(_:below:)`` path is the same: `..` after
  /// a link to a folder leads elsewhere.
  private func isFile(_ path: String, ofLine line: Int) -> Bool {
    guard let other = entries.first(where: { entry in entry.line == line })?.path else { return true }
    return FileIdentity(path: whole(path)) == FileIdentity(path: whole(other))
  }
}

extension LabelList {
  /// The names of the classes, sorted by their bytes.
  package var classNames: [String] {
    Set(entries.map(\.label)).sorted { one, other in one.utf8.lexicographicallyPrecedes(other.utf8) }
  }

  /// The notes for the user about columns that are not used, and labels that may mean something else than a class.
  package var notes: [String] {
    let names = classNames
    let numbers = names.compactMap(Int.init)
    let isMarked = numbers.count == names.count && names.count > 2 && numbers.contains(-1)
    return [
      FolderScan.numberNote(names, of: path),
      isMarked ? "\(path): -1 is a class like the others; leave out images that it marks as unlabeled" : nil,
      unusedColumns.isEmpty
        ? nil : "\(path): columns not used: \(list(unusedColumns)); a column split says train, validation or test",
    ].compactMap { note in note }
  }

  /// The splits to which the list assigns images.
  package var splits: [Split] {
    let present = Set(entries.map(\.split))
    return Split.allCases.filter(present.contains)
  }

  /// Returns the files of one split, with the classes of the training images.
  ///
  /// - Throws: ``FileError`` naming the line of an image whose class has no training image, or if there are no training
  ///   images.
  package func index(_ split: Split) throws(FileError) -> FolderIndex {
    let trained = Set(entries.filter { entry in entry.split == .train }.map(\.label))
    guard !trained.isEmpty else { throw FileError(.content, "\(path): has no training images") }
    let chosen = entries.filter { entry in entry.split == split }
    if let unknown = chosen.first(where: { entry in !trained.contains(entry.label) }) {
      throw problem(
        unknown.line,
        "the class '\(unknown.label)' of this \(split.title) image has no training image: \(list(trained.sorted()))"
      )
    }
    let byLabel = Dictionary(grouping: chosen, by: \.label)
    var index = FolderIndex(root: root, areClassesFolders: false)
    for name in classNames where trained.contains(name) {
      index.appendClass(Array(name.utf8))
      for entry in byLabel[name] ?? [] {
        try index.append(Array(entry.path.utf8))
      }
    }
    index.shrink()
    return index
  }
}
