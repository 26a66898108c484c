import Formats

/// The search for class folders that hold folders named as the classes beside them: a split or dataset of its own, such
/// as a link to another dataset, of which all images would be one class.
struct NestedClasses {
  private let names: Set<[UInt8]>
  /// The names of other classes among the folders in each class's folder.
  private var namesakes: [[UInt8]: Set<[UInt8]>] = [:]
  /// The classes whose folders may be datasets by what is in them.
  private var suspects: [[UInt8]] = []

  /// Creates a search among the classes of a folder.
  init(among names: Set<[UInt8]>) {
    self.names = names
  }

  /// Adds a class.
  ///
  /// - Parameters:
  ///   - name: The name of the class.
  ///   - folders: The folders in that of the class, each with the names of its images; the path of the class's own
  ///     folder is empty, all others end in a slash.
  mutating func add(_ name: [UInt8], folders: [(path: [UInt8], files: [[UInt8]])]) {
    guard folders.count > 1 else { return }
    var inner: Set<[UInt8]> = []
    var ownImages = 0
    for (path, files) in folders where !files.isEmpty {
      if path.isEmpty { ownImages = files.count }
      for folder in path.split(separator: UInt8(ascii: "/")) { inner.insert(Array(folder)) }
    }
    let shared = inner.intersection(names).subtracting([name])
    guard !shared.isEmpty else { return }
    namesakes[name] = shared
    // A few images beside the folders are strays. One name, or a few of many, may be the same by chance.
    guard shared.count > max(ownImages, 1), 2 * shared.count >= min(inner.count, names.count - 1) else { return }
    suspects.append(name)
  }

  /// Returns the error for the first class that is a dataset of its own; `nil` if there is none.
  func problem(in root: String) -> FileError? {
    for name in suspects {
      // If the namesakes hold such folders too, the names mean something else there, such as the sessions 0 and 1 of
      // each of the digits 0 to 9.
      let shared = (namesakes[name] ?? []).filter { other in namesakes[other] == nil }
      guard shared.count > 1 else { continue }
      return FileError(
        .content,
        "\(root)/\(text(name)): is a split or a dataset of its own, not a class, as it holds folders named as the classes beside it (\(list(shared.map { name in text(name) }.sorted()))); move it out of \(root), or give --data \(root) --train-folder . if all folders there are classes"
      )
    }
    return nil
  }
}
