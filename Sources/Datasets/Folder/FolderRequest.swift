/// The options that assign the subfolders of a dataset to splits.
package struct FolderRequest: Sendable, Equatable {
  /// The folder given with `--data`.
  package let path: String
  /// The folder of the training images, relative to ``path`` or absolute; `nil` to find it by name and structure.
  ///
  /// `.` means ``path`` itself.
  package var trainFolder: String?
  /// The folder of the validation images, relative to ``path`` or absolute; `none` for no validation images.
  package var validationFolder: String?
  /// The folder of the test images, relative to ``path`` or absolute; `none` for no test images.
  package var testFolder: String?

  /// Creates a request without folders for the splits; slashes at the end of the path are removed.
  package init(path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") {
      path.removeLast()
    }
    self.path = path
  }

  /// Returns the name of the option that gives a split's folder.
  static func option(_ split: Split) -> String {
    split == .train ? "--train-folder" : "--\(split.rawValue)-folder"
  }

  /// The folder given for a split, or `nil`.
  subscript(split: Split) -> String? {
    switch split {
    case .train: trainFolder
    case .validation: validationFolder
    case .test: testFolder
    }
  }
}

/// A folder that holds one split: its subfolders are the classes, or it directly holds images without labels.
package struct SplitFolder: Sendable, Equatable {
  /// The path of the folder.
  package let path: String
  /// The names of subfolders that belong to other splits.
  package var excluded: Set<[UInt8]> = []
  /// True if the images lie in the folder itself, not in folders named after classes.
  package var isUnlabeled = false
  /// True if the user said that all folders in it are classes, also those that look like splits or other datasets.
  package var holdsOnlyClasses = false

  package init(path: String) {
    self.path = path
  }
}
