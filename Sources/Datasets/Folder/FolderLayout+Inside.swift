import Formats

extension FolderLayout {
  /// Takes folders in the training folder for other splits, not for classes, if they are named after a split and hold
  /// folders named as the classes beside them.
  ///
  ///     DATA/train/CLASS/…  DATA/train/val/CLASS/…
  ///
  /// - Throws: ``FileError`` naming a folder that cannot be listed, or the two folders of one split.
  mutating func takeSplitsInside(_ request: FolderRequest) throws(FileError) {
    guard !training.isUnlabeled, !training.holdsOnlyClasses else { return }
    let contents = try FolderContents(training.path)
    let classes = Set(contents.folders).subtracting(training.excluded)
    for name in contents.folders where classes.contains(name) {
      guard let named = SplitName(text(name)) else { continue }
      let split = named.split
      let inside = try contents.subfolder(name)
      guard split != .train, inside.isTreeWithStrays,
        inside.folders.contains(where: { other in other != name && classes.contains(other) })
      else {
        if named.isExact, !inside.images.isEmpty, !inside.isTreeWithStrays {
          notes.append("'\(text(name))' is taken for a class: it holds images itself, not folders of them")
        }
        continue
      }
      training.excluded.insert(name)
      let beside = others[split]?.path
      if request[split] != nil
        || beside.map({ path in FileIdentity(path: path) == FileIdentity(path: inside.path) }) == true
      {
        notes.append("\(inside.path) is not used: it holds folders named as the classes beside it, so it is no class")
      } else if let beside {
        throw FileError(
          .content,
          "\(inside.path): both it and \(beside) may be the \(split.title) folder, as both hold folders of the classes; move one of the two elsewhere"
        )
      } else {
        try add(split, inside.path)
        notes.append(
          "'\(text(name))' is taken for the \(split.title) folder, the other folders of \(training.path) for classes of the training set"
        )
      }
    }
  }
}
