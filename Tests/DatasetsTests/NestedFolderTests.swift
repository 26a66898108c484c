import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// Splits and datasets among the folders of classes, which are no classes.
struct NestedFolderTests {
  /// A folder with empty files of these names.
  private func tree(_ names: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in names {
      try FolderTrees.write([1], to: directory.file(name))
    }
    return directory
  }

  /// Files in folders of these classes in a folder.
  private static func files(in folder: String, _ classes: [String] = ["cat", "dog", "owl"]) -> [String] {
    classes.map { name in "\(folder)/\(name)/1.png" }
  }

  private func link(_ path: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: destination)
  }

  struct Case: Sendable {
    /// Each of these folders holds the three classes.
    let folders: [String]
    var trainFolder: String?
    /// The folders of train, validation and test.
    let splits: [String?]
  }

  @Test(arguments: [
    Case(folders: ["train", "train/test"], splits: ["train", nil, "train/test"]),
    Case(folders: ["train", "train/val", "test"], splits: ["train", "train/val", "test"]),
    Case(folders: ["train", "train/dev_set", "train/Test"], splits: ["train", "train/dev_set", "train/Test"]),
    Case(folders: ["x/train", "x/train/test", "x/val"], splits: ["x/train", "x/val", "x/train/test"]),
    Case(folders: ["train", "train/test"], trainFolder: "train", splits: ["train", nil, "train/test"]),
    Case(folders: ["learn", "learn/val", "test"], trainFolder: "learn", splits: ["learn", "learn/val", "test"]),
    Case(folders: [".", "val_1", "test_1"], splits: ["", "val_1", "test_1"]),
  ])
  func `a split among the classes of the training folder is no class`(_ example: Case) throws {
    let directory = try tree(example.folders.flatMap { folder in Self.files(in: folder) })
    var request = FolderRequest(path: directory.path)
    request.trainFolder = example.trainFolder
    let layout = try FolderLayout(request)
    let found = Split.allCases.map { split in
      layout[split].map { folder in String(folder.path.dropFirst(directory.path.count + 1)) }
    }
    #expect(found == example.splits)
    #expect(try FolderScan(layout.training).index.classNames == ["cat", "dog", "owl"])
    #expect(try FolderScan.classFolders(of: layout.training).count == 3)
    for split in [Split.validation, .test] where found[split == .test ? 2 : 1]?.hasPrefix("train/") == true {
      #expect(layout.notes.contains { note in note.contains("is taken for the \(split.title) folder") })
    }
  }

  @Test func `one class of them, and a stray image, suffice`() throws {
    for others in [["train/test/dog/1.png"], ["train/test/cat/1.png", "train/test/owl/1.png", "train/test/x.png"]] {
      let directory = try tree(Self.files(in: "train") + others)
      let layout = try FolderLayout(FolderRequest(path: directory.path))
      #expect(layout[.test]?.path == directory.file("train/test"))
    }
  }

  @Test func `classes named as splits that hold no folders of the classes remain classes`() throws {
    for names in [
      ["train/test/1.png", "train/exam/1.png"], ["train/test/tube/1.png", "train/flask/glass/1.png"],
      ["train/validation/a/1.png", "train/proof/b/1.png", "val/proof/1.png"],
    ] {
      let directory = try tree(names)
      let layout = try FolderLayout(FolderRequest(path: directory.path))
      #expect(try FolderScan(layout.training).index.classNames.count == 2)
    }
  }

  @Test(arguments: [("val", "validation"), ("test", "test")])
  func `a class of two splits is not one folder through a link`(name: String, split: String) throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "\(name)/b/2.png"])
    let link = directory.file("\(name)/a")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../train/a")
    let linked = #expect(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(
      linked?.description.contains("\(link): \(split) and training images are one folder") == true,
      "\(linked?.description ?? "")")
    // Links within a split, and to folders elsewhere, are none of two splits.
    try FileManager.default.removeItem(atPath: link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "b")
    #expect(try FolderLayout(FolderRequest(path: directory.path)).splits.count == 2)
  }

  @Test(arguments: [
    ("train/test", "train/cat"), ("train/val", "train/cat"), ("test", "cat"), ("train", "cat"),
    ("train/train", "train/cat"),
  ])
  func `a class named exactly as a split, with images in it, is noted once`(folder: String, other: String) throws {
    let directory = try tree(["\(folder)/1.png", "\(folder)/2.png", "\(other)/3.png", "\(other)/4.png"])
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    let name = folder.split(separator: "/").last ?? ""
    #expect(
      layout.notes.count { note in
        note == "'\(name)' is taken for a class: it holds images itself, not folders of them"
      } == 1, "\(layout.notes)")
  }

  @Test(arguments: ["held", "held/", "./held", ".//held/.", "ROOT/held", "ROOT//held", "ROOT/./held"])
  func `the folder that an option gives is no class, however its path is written`(written: String) throws {
    let directory = try tree(["cat/1.png", "dog/1.png", "held/cat/1.png"])
    let elsewhere = try TemporaryDirectory()
    try link(elsewhere.file("link"), to: directory.path)
    for path in [directory.path, "\(directory.path)/.", elsewhere.file("link")] {
      var request = FolderRequest(path: path)
      request.validationFolder = written.replacing("ROOT", with: directory.path)
      let layout = try FolderLayout(request)
      #expect(layout.splits == [.train, .validation])
      #expect(try FolderScan(layout.training).index.classNames == ["cat", "dog"], "\(path)")
    }
  }

  @Test func `a class that is the validation folder under another name is refused`() throws {
    let directory = try tree(["cat/1.png", "dog/1.png", "held/cat/1.png"])
    try link(directory.file("alias"), to: "held")
    var request = FolderRequest(path: directory.path)
    request.validationFolder = "alias"
    let linked = request
    let error = try #require(throws: FileError.self) { try FolderLayout(linked) }
    #expect(error.description.contains("validation and training images are one folder"), "\(error)")
  }

  @Test func `two folders of one split are refused, unless an option decides or they are one`() throws {
    let names = Self.files(in: "train") + Self.files(in: "train/test") + Self.files(in: "test")
    let directory = try tree(names)
    for trainFolder in [nil, "train"] {
      var request = FolderRequest(path: directory.path)
      request.trainFolder = trainFolder
      let undecided = request
      let error = try #require(throws: FileError.self) { try FolderLayout(undecided) }
      #expect(error.kind == .content && error.description.hasPrefix(directory.file("train/test: ")), "\(error)")
      #expect(error.description.contains(directory.file("test may be the test folder")), "\(error)")
    }
    for testFolder in ["test", "train/test", "none"] {
      var request = FolderRequest(path: directory.path)
      (request.trainFolder, request.testFolder) = ("train", testFolder)
      let layout = try FolderLayout(request)
      #expect(layout[.test]?.path == (testFolder == "none" ? nil : directory.file(testFolder)))
      #expect(try FolderScan(layout.training).index.classNames == ["cat", "dog", "owl"])
    }
    let linked = try tree(Self.files(in: "train") + Self.files(in: "test"))
    try link(linked.file("train/test"), to: linked.file("test"))
    let layout = try FolderLayout(FolderRequest(path: linked.path))
    #expect(layout[.test]?.path == linked.file("test") && layout.notes.contains { note in note.contains("not used") })
    #expect(try FolderScan(layout.training).index.classNames == ["cat", "dog", "owl"])
  }

  @Test(arguments: [
    (["copy/cat", "copy/dog", "copy/owl"], "cat, dog, owl"), (["copy/cat", "copy/owl"], "cat, owl"),
    (["copy", "copy/cat", "copy/dog", "copy/owl"], "cat, dog, owl"),
    (["copy/train/cat", "copy/train/dog", "copy/train/owl"], "cat, dog, owl"),
    (["copy/cat", "copy/dog", "copy/owl", "copy/val/cat", "copy/val/owl"], "cat, dog, owl"),
    (["copy/cat/old", "copy/dog/old"], "cat, dog"), (["train_old/cat", "train_old/dog"], "cat, dog"),
  ])
  func `a class that holds the others is refused as a dataset of its own`(folders: [String], shared: String) throws {
    let files = folders.map { folder in "\(folder)/1.png" }
    let directory = try tree(Self.files(in: "data") + files)
    let name = folders[0].hasPrefix("copy") ? "copy" : "train_old"
    try link(directory.file("data/\(name)"), to: directory.file(name))
    for trainFolder in [nil, "data"] {
      var request = FolderRequest(path: trainFolder == nil ? directory.file("data") : directory.path)
      request.trainFolder = trainFolder
      let training: SplitFolder
      do {
        training = try FolderLayout(request).training
      } catch {
        // By its name it may be a split, which is told first.
        #expect(name == "train_old" && trainFolder == nil, "\(error)")
        continue
      }
      let error = try #require(throws: FileError.self) { try FolderScan(training) }
      #expect(error.kind == .content, "\(error)")
      let start = directory.file("data/\(name): is a split or a dataset of its own")
      #expect(error.description.hasPrefix(start), "\(error)")
      #expect(error.description.contains("(\(shared))") && error.description.contains("--train-folder ."), "\(error)")
    }
    // The user has the last word.
    var request = FolderRequest(path: directory.file("data"))
    request.trainFolder = "."
    #expect(try FolderScan(FolderLayout(request).training).index.classNames.count == 4)
  }

  @Test func `folders that share names with classes by chance are classes`() throws {
    let digits = (0..<10).map { digit in "\(digit)" }
    let cases: [[String]] = [
      // Sessions in each of many digits.
      digits.flatMap { digit in ["\(digit)/0/1.png", "\(digit)/1/1.png"] },
      // One name, or few of many.
      Self.files(in: ".") + ["mixed/dog/1.png", "mixed/ant/1.png"],
      Self.files(in: ".", digits + ["a", "b", "c"]) + Self.files(in: "other", ["a", "b", "v", "w", "x", "y", "z"]),
      // Images of its own, with folders of others beside them.
      Self.files(in: ".") + ["mixed/1.png", "mixed/2.png", "mixed/3.png", "mixed/dog/1.png", "mixed/cat/1.png"],
      Self.files(in: ".") + ["mixed/cat/notes.txt", "mixed/dog/notes.txt", "mixed/1.png"],
    ]
    for names in cases {
      let directory = try tree(names)
      let index = try FolderScan(root: directory.path).index
      #expect(index.count == names.count { name in name.hasSuffix(".png") })
    }
  }
}
