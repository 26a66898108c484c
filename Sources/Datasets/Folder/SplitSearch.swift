import Formats

/// The search for the folders of train, validation and test in a dataset's folder; see ``FolderLayout``.
struct SplitSearch {
  /// A folder whose name suggests a split.
  private struct Candidate {
    let name: [UInt8]
    let split: Split
    let isExact: Bool
    /// True if the folder holds images in subfolders, and hardly any beside them.
    let isTree: Bool
    /// True if the folder holds any image, directly or in subfolders.
    let holdsImages: Bool
  }

  private let request: FolderRequest
  private var notes: [String] = []
  /// The counts of files and folders above the dataset's actual folder, which are not used.
  private var skippedFiles = SkippedFiles()

  init(_ request: FolderRequest) {
    self.request = request
  }

  /// Finds the splits, descending through folders that contain a single folder.
  mutating func layout() throws(FileError) -> FolderLayout {
    var path = request.path
    for _ in 0..<6 {
      let root = try FolderContents(path)
      if let problem = CIFARFiles.problem(ofFolder: root) ?? AnnotatedData.problem(ofFolder: root) { throw problem }
      if let layout = try layout(of: root) { return layout }
      // Without such a folder the dataset has changed meanwhile, and is examined again.
      guard let only = root.folders.first(where: { name in (try? root.subfolder(name))?.holdsImages() ?? false })
      else { continue }
      skippedFiles.add(root.skippedFiles, below: prefix(of: root))
      passOver(root.folders.filter { name in name != only }, in: root)
      passOver(imagesOf: root)
      path = root.path(of: only)
      notes.append("\(path) is taken for the dataset: nothing else in \(root.path) holds images")
    }
    throw FileError(.content, "\(request.path): more than six folders in each other before one that holds classes")
  }

  /// Returns the layout of a folder; `nil` to continue the search in the only subfolder that holds images.
  private mutating func layout(of root: FolderContents) throws(FileError) -> FolderLayout? {
    try FolderLayout.checkLinks(of: root, request)
    let given = try givenFolders(root)
    let folders = root.folders.filter { name in !given.names.contains(name) }
    let candidates = try candidates(among: folders, in: root)
    let others = folders.filter { name in !candidates.contains { candidate in candidate.name == name } }
    var layout: FolderLayout
    if let training = try training(candidates, others, root) {
      layout = try splitLayout(training, candidates, others, root, given.paths)
    } else if folders.isEmpty, !root.images.isEmpty {
      layout = FolderLayout(training: SplitFolder(path: root.path))
      layout.training.isUnlabeled = true
    } else {
      let beside = given.paths.isEmpty ? try splitBesideClasses(candidates, others, root) : nil
      if beside == nil, given.paths.isEmpty, try isWrapper(root, folders) { return nil }
      if beside == nil, given.paths.isEmpty {
        try refuseDatasets(root, folders)
        try refuseUnnamedSplits(root, folders)
      }
      layout = FolderLayout(training: SplitFolder(path: root.path))
      if let beside { try layout.add(beside.split, root.path(of: beside.name)) }
    }
    for (split, path) in given.paths { try layout.add(split, path) }
    layout.excludeFromTraining()
    for split in [Split.validation, .test] where request[split] == "none" { layout.others[split] = nil }
    layout.notes = notes + layout.notes
    layout.skippedFiles.add(skippedFiles)
    return layout
  }

  /// Returns the validation and test folders given by options, and the names of those inside the dataset's folder.
  private func givenFolders(
    _ root: FolderContents
  ) throws(FileError) -> (paths: [Split: String], names: Set<[UInt8]>) {
    var paths: [Split: String] = [:]
    var names: Set<[UInt8]> = []
    for split in [Split.validation, .test] {
      guard let path = try FolderLayout.given(split, request) else { continue }
      paths[split] = path
      if path.hasPrefix(root.path + "/") {
        names.insert(Array(path.dropFirst(root.path.count + 1).prefix { character in character != "/" }.utf8))
      }
    }
    return (paths, names)
  }

  /// Returns the subfolders whose names suggest a split.
  ///
  /// - Throws: ``FileError`` naming a folder that cannot be listed, which is not treated as a folder without images.
  private func candidates(among folders: [[UInt8]], in root: FolderContents) throws(FileError) -> [Candidate] {
    var candidates: [Candidate] = []
    for name in folders {
      guard let named = SplitName(text(name)) else { continue }
      let contents = try root.subfolder(name)
      candidates.append(
        Candidate(
          name: name, split: named.split, isExact: named.isExact, isTree: contents.isTreeWithStrays,
          holdsImages: contents.holdsImages()))
    }
    return candidates
  }

  // MARK: - Training

  /// Returns the training folder, if a name suggests one and the structure does not contradict it.
  private mutating func training(
    _ candidates: [Candidate], _ others: [[UInt8]], _ root: FolderContents
  ) throws(FileError) -> Candidate? {
    let named = candidates.filter { candidate in candidate.split == .train && candidate.holdsImages }
    let trees = named.filter(\.isTree)
    let leaves = others.filter { name in !((try? root.subfolder(name))?.images.isEmpty ?? true) }
    let hasEvaluation = candidates.contains { candidate in
      candidate.split != .train && (candidate.isTree || candidate.isExact)
    }
    if let tree = try single(trees, .train, root) {
      // Next to class folders, a folder of this name may be just another class.
      let isClear = hasEvaluation || (tree.isExact ? leaves.isEmpty : others.isEmpty)
      guard isClear else {
        throw ambiguity(
          root,
          "'\(text(tree.name))' may be the training folder, or a class like \(list(others.map { name in text(name) }))"
        )
      }
      return tree
    }
    let flat = candidates.filter { candidate in candidate.holdsImages && !candidate.isTree }
    let areSplits = Set(flat.map(\.split)).count > 1
    guard areSplits || !named.isEmpty else { return nil }
    let isAlone = !others.contains { name in (try? root.subfolder(name))?.holdsImages() ?? false }
    // Folders named after several splits, with images directly in them, are no classes either.
    if areSplits, !isAlone || named.count > 1 { throw splitsOrClasses(flat, root) }
    guard let leaf = named.first, isAlone, named.count == 1 else { return nil }
    // Only folders named after splits, without class folders in them. For a name such as `train_station`, the structure
    // does not help.
    guard !leaf.isExact else { return leaf }
    guard candidates.count > 1 else { return nil }
    throw splitsOrClasses(candidates, root)
  }

  private func splitsOrClasses(_ candidates: [Candidate], _ root: FolderContents) -> FileError {
    let names = list(candidates.map { candidate in "'\(text(candidate.name))'" })
    return ambiguity(root, "the folders \(names) may be splits without classes, or classes")
  }

  /// Returns the only candidate folder for a split, or the only candidate whose name is exactly a word such as `test`.
  private mutating func single(
    _ candidates: [Candidate], _ split: Split, _ root: FolderContents
  ) throws(FileError) -> Candidate? {
    guard candidates.count > 1 else { return candidates.first }
    let exact = candidates.filter(\.isExact)
    guard exact.count == 1 else {
      let names = list(candidates.map { candidate in "'\(text(candidate.name))'" })
      throw ambiguity(root, "\(candidates.count) folders may be the \(split.title) folder: \(names)", split)
    }
    passOver(candidates.filter { candidate in !candidate.isExact }.map(\.name), in: root)
    return exact[0]
  }

  // MARK: - Other splits

  /// Returns the layout of a training folder and the validation and test folders next to it.
  private mutating func splitLayout(
    _ training: Candidate, _ candidates: [Candidate], _ others: [[UInt8]], _ root: FolderContents,
    _ given: [Split: String]
  ) throws(FileError) -> FolderLayout {
    let path = try descended(root.path(of: training.name), classes: [])
    var layout = FolderLayout(training: SplitFolder(path: path))
    let contents = try FolderContents(path)
    layout.training.isUnlabeled = contents.folders.isEmpty
    for split in [Split.validation, .test] where given[split] == nil {
      let named = candidates.filter { candidate in candidate.split == split }
      let empty = named.filter { candidate in !candidate.holdsImages }.map(\.name)
      passOver(empty, in: root)
      if let found = try single(named.filter(\.holdsImages), split, root) {
        try layout.add(split, try descended(root.path(of: found.name), classes: contents.folders))
      }
    }
    passOver(others, in: root)
    skippedFiles.add(root.skippedFiles, below: prefix(of: root))
    passOver(imagesOf: root)
    return layout
  }

  /// Returns the folder at the end of a chain of single folders, such as `seg_train/seg_train`.
  private func descended(_ path: String, classes: [[UInt8]]) throws(FileError) -> String {
    var path = path
    for _ in 0..<6 {
      let contents = try FolderContents(path)
      guard contents.images.isEmpty, contents.folders.count == 1, !classes.contains(contents.folders[0]),
        // A broken link may have led to a class; the scan of the folder that it lies in tells it.
        contents.brokenLinks.isEmpty
      else { break }
      let next = try contents.subfolder(contents.folders[0])
      guard next.isTree() else { break }
      path = next.path
    }
    return path
  }

  /// Returns a validation or test folder that has the same class folders as its parent; the parent then is the training
  /// folder.
  private mutating func splitBesideClasses(
    _ candidates: [Candidate], _ others: [[UInt8]], _ root: FolderContents
  ) throws(FileError) -> Candidate? {
    let trees = candidates.filter { candidate in candidate.split != .train && candidate.isTree }
    let exact = candidates.filter { candidate in candidate.isExact && candidate.holdsImages }
    if others.isEmpty, let any = trees.first ?? exact.first, any.split != .train {
      throw ambiguity(root, "no training folder beside '\(text(any.name))' (a name such as train or training)", .train)
    }
    guard let tree = trees.first else { return nil }
    let classes = Set(try root.subfolder(tree.name).folders)
    guard trees.count == 1, !classes.isDisjoint(with: others) else {
      guard tree.isExact else { return nil }
      throw ambiguity(
        root,
        "'\(text(tree.name))' may be the \(tree.split.title) folder, or a class like \(list(others.map { name in text(name) }))"
      )
    }
    notes.append(
      "'\(text(tree.name))' is taken for the \(tree.split.title) folder, the other folders of \(root.path) for classes of the training set"
    )
    return tree
  }

  // MARK: - Folders without a split's name

  /// Returns true if all images, but for a few strays, are in the subfolders of one single folder.
  private func isWrapper(_ root: FolderContents, _ folders: [[UInt8]]) throws(FileError) -> Bool {
    guard folders.count <= 20 else { return false }
    let holding = folders.compactMap { name in try? root.subfolder(name) }.filter { contents in
      contents.holdsImages()
    }
    guard holding.count == 1, holding[0].isTree() else { return false }
    return root.images.isEmpty || root.images.count < holding[0].folders.count
  }

  /// Throws if two to six folders all hold the same subfolders: splits with unknown names, or versions of one dataset.
  ///
  /// Any number of folders that all hold the splits are classes with splits in them, which is refused too.
  private mutating func refuseUnnamedSplits(_ root: FolderContents, _ folders: [[UInt8]]) throws(FileError) {
    guard folders.count >= 2 else { return }
    var shared: Set<[UInt8]>?
    for name in folders {
      guard let contents = try? root.subfolder(name), contents.isTree() else { return }
      shared = shared?.intersection(contents.folders) ?? Set(contents.folders)
    }
    guard let shared, shared.count > 1 else { return }
    let names = shared.map { name in text(name) }.sorted()
    let common = list(names)
    if names.allSatisfy({ name in SplitName(name) != nil }) {
      let example = names.first { name in SplitName(name)?.split == .train } ?? names[0]
      throw FileError(
        .content,
        "\(root.path): each of the folders \(list(folders.map { name in "'\(text(name))'" })) holds the splits \(common); move CLASS/\(example)/… to \(example)/CLASS/…, or give a list path,label,split"
      )
    }
    guard folders.count <= 6 else {
      notes.append(
        "each of the \(folders.count) folders of \(root.path), such as \(text(folders[0])), holds \(common): they are taken for the classes; if \(common) are, give one of the folders as --data"
      )
      return
    }
    throw ambiguity(
      root,
      "the folders \(list(folders.map { name in "'\(text(name))'" })) look like splits, as each holds \(common)"
    )
  }

  /// Throws if a folder is a dataset of its own, with a training folder and another split.
  private func refuseDatasets(_ root: FolderContents, _ folders: [[UInt8]]) throws(FileError) {
    for name in folders {
      guard let contents = try? root.subfolder(name), contents.images.isEmpty else { continue }
      let trees = try candidates(among: contents.folders, in: contents).filter { candidate in
        candidate.isExact && candidate.isTree
      }
      guard Set(trees.map(\.split)).count > 1, trees.contains(where: { tree in tree.split == .train }) else { continue }
      throw FileError(
        .content,
        "\(root.path): its folder '\(text(name))' is a dataset of its own, as it holds \(list(trees.map { tree in text(tree.name) })); give one dataset, such as --data \(contents.path), or --train-folder . if all folders of \(root.path) are classes"
      )
    }
  }

  private mutating func passOver(_ folders: [[UInt8]], in root: FolderContents) {
    for name in folders { skippedFiles.add(.folder, text(name), at: prefix(of: root) + text(name)) }
  }

  private mutating func passOver(imagesOf root: FolderContents) {
    for name in root.images { skippedFiles.add(.looseImage, text(name), at: prefix(of: root) + text(name)) }
  }

  /// Returns the path of a folder relative to `--data`: empty, or ending in a slash.
  private func prefix(of root: FolderContents) -> String {
    root.path == request.path ? "" : String(root.path.dropFirst(request.path.count + 1)) + "/"
  }

  private func ambiguity(_ root: FolderContents, _ problem: String, _ split: Split? = nil) -> FileError {
    let remedy =
      switch split {
      case nil:
        "say which folder is which with --train-folder, --validation-folder, --test-folder (--train-folder . if all folders are classes)"
      case .train?: "choose one with --train-folder, or --train-folder . if all folders are classes"
      case let split?: "choose one with \(FolderRequest.option(split)), or \(FolderRequest.option(split)) none"
      }
    let seen = list(root.folders.map { name in text(name) })
    return FileError(.content, "\(root.path): \(problem); it holds \(seen); \(remedy)")
  }
}
