/// The options that assign the files of a folder to splits and classes.
package struct FolderRequest: Sendable, Equatable {
  /// The folder of `--data`.
  package let path: String
  /// The folder of the training images, relative to ``path`` or absolute; `nil` to find it by name and structure.
  ///
  /// `.` is ``path`` itself.
  package var trainFolder: String?
  /// The folder of the validation images, likewise; `none` for none.
  package var validationFolder: String?
  /// The folder of the test images, likewise; `none` for none.
  package var testFolder: String?

  /// A request without options; slashes at the end of the path are dropped.
  package init(path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") {
      path.removeLast()
    }
    self.path = path
  }

  /// The name of the option that gives a split's folder.
  static func option(_ split: Split) -> String {
    split == .train ? "--train-folder" : "--\(split.rawValue)-folder"
  }

  /// The folder given for a split.
  subscript(split: Split) -> String? {
    switch split {
    case .train: trainFolder
    case .validation: validationFolder
    case .test: testFolder
    }
  }
}

/// A folder whose subfolders are the classes of one split, or that holds images without labels.
package struct SplitFolder: Sendable, Equatable {
  /// The path.
  package let path: String
  /// Folders in it that are other splits.
  package var excluded: Set<[UInt8]> = []
  /// True if the images lie in the folder itself, not in folders named after classes.
  package var isUnlabeled = false

  package init(path: String) {
    self.path = path
  }
}
