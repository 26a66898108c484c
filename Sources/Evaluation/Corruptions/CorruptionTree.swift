import Configuration
import Corruptions
import Datasets
import Formats
import Job
import MPI
import Measures

/// Corrupted images in the layout of ImageNet-C: CORRUPTION/SEVERITY/CLASS/IMAGE, severities from 1 to 5.
///
/// Folders of corruptions lie in the folder itself, or in the folders `noise`, `blur`, `weather` and `digital` of the
/// published archives.
struct CorruptionTree {
  /// The folder that contains the corruptions.
  let folder: String
  private let paths: [String: String]
  private let classes: [[UInt8]]

  private static let groups = ["", "noise/", "blur/", "weather/", "digital/"]

  /// Returns the path of a corruption's folder; `nil` if there is none.
  static func path(of corruption: String, in folder: String) -> String? {
    groups.map { group in "\(folder)/\(group)\(corruption)" }.first { path in DataPath.kind(path) == .folder }
  }

  /// Lists all images and checks that every corruption and severity has the same number of images of each class; the
  /// lists are not kept.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - classNames: The classes of the clean test images.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming the folder that is missing, empty, or has other classes or another number of
  ///   images.
  init(_ folder: String, classNames: [String], over world: borrowing Communicator) throws {
    self.folder = folder
    let classes = classNames.map { name in Array(name.utf8) }
    self.classes = classes
    let activity = world.activity
    paths = try world.rootValue { () throws(FileError) -> [String: String] in
      let found = try Self.paths(in: folder)
      var expected: (path: String, counts: [Int])?
      for corruption in CorruptionErrors.names {
        for severity in 0..<CorruptionErrors.severityCount {
          let path = Self.path(found[corruption] ?? "", severity)
          let counts = try Self.counts(path, classes)
          expected = expected ?? (path, counts)
          if let expected {
            try Self.check(path, counts, classNames, as: expected.path, expected.counts)
          }
          activity.progressed()
        }
      }
      return found
    }
  }

  /// Opens the images of one corruption at one severity, from 0.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming a folder that cannot be listed.
  func images(
    _ corruption: String, severity: Int, like test: any ImageDataset, over world: borrowing Communicator
  ) throws -> any ImageDataset {
    let root = Self.path(paths[corruption] ?? "", severity)
    let listed = try world.onRoot { try FolderScan(root: root, classes: classes).index }
    let bytes = try world.broadcast(bytes: listed?.encoded() ?? [])
    return FolderDataset(
      listed ?? FolderIndex(decoding: bytes),
      FolderDataset.Settings(normalization: test.normalization, viewSize: test.viewSize))
  }

  private static func path(_ corruption: String, _ severity: Int) -> String { "\(corruption)/\(severity + 1)" }

  /// Returns the path of each corruption's folder, after checking that it contains all severities.
  private static func paths(in folder: String) throws(FileError) -> [String: String] {
    var paths: [String: String] = [:]
    for corruption in CorruptionErrors.names {
      guard let path = path(of: corruption, in: folder) else {
        throw FileError(
          .missing,
          "\(folder)/\(corruption): does not exist; mCE is the mean over all 15 corruptions: expected \(CorruptionErrors.names.joined(separator: ", "))"
        )
      }
      for severity in 0..<CorruptionErrors.severityCount
      where DataPath.kind(Self.path(path, severity)) != .folder {
        throw FileError(
          .missing, "\(Self.path(path, severity)): is not a folder; each corruption has its severities in 1 to 5")
      }
      paths[corruption] = path
    }
    return paths
  }

  /// Returns the number of images of each class.
  private static func counts(_ path: String, _ classes: [[UInt8]]) throws(FileError) -> [Int] {
    let found = try FolderScan.classFolders(of: SplitFolder(path: path))
    let known = Set(classes)
    if let other = found.first(where: { name in !known.contains(name) }) {
      throw FileError(
        .content,
        "\(path)/\(String(decoding: other, as: UTF8.self)): is not one of the run's \(classes.count) classes; give a folder that has the classes of the run alone"
      )
    }
    let index = try FolderScan(root: path, classes: classes).index
    let counts = classes.indices.map { label in index.files(ofClass: label).count }
    if let missing = counts.firstIndex(of: 0) {
      throw FileError(
        .missing, "\(path)/\(String(decoding: classes[missing], as: UTF8.self)): a class of the run without images")
    }
    return counts
  }

  /// Checks that a folder has the same number of images of each class as the folder `first`.
  private static func check(
    _ path: String, _ counts: [Int], _ classNames: [String], as first: String, _ expected: [Int]
  ) throws(FileError) {
    guard let label = counts.indices.first(where: { label in counts[label] != expected[label] }) else { return }
    throw FileError(
      .content,
      "\(path)/\(classNames[label]): has \(counted(counts[label], "image")), but \(first)/\(classNames[label]) has \(expected[label]); was everything unpacked?"
    )
  }
}
