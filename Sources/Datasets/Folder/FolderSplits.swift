import Glibc

/// Which trees of a folder hold the images to train on and to validate with.
public struct FolderSplits: Sendable, Equatable {
  /// The names that a folder of validation images may have, in the order in which they are looked for.
  public static let validationNames = ["val", "validation", "test"]

  /// The tree of the training images, or of all.
  public let training: String
  /// The tree of the validation images, if there is one.
  public let validation: String?

  /// Looks for `train` and one of ``validationNames`` in a folder; without `train` the folder itself is the tree.
  public init(of folder: String) {
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") {
      folder.removeLast()
    }
    guard Self.isFolder("\(folder)/train") else {
      training = folder
      validation = nil
      return
    }
    training = "\(folder)/train"
    validation = Self.validationNames.map { name in "\(folder)/\(name)" }.first(where: Self.isFolder)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether `path` is a file and not a folder: a pack.
  public static func isFile(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
