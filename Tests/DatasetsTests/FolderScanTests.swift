import Datasets
import Formats
import Foundation
import Glibc
import TestSupport
import Testing

/// The selection and order of a folder's image files.
struct FolderScanTests {
  private func paths(_ index: FolderIndex) -> [String] {
    (0..<index.count).map { number in String(decoding: index.relativePath(at: number), as: UTF8.self) }
  }

  /// torchvision's `ImageFolder` has this order; folders come before what lies below them.
  @Test func `classes, folders and files are sorted by their bytes`() throws {
    let directory = try TemporaryDirectory()
    for name in [
      "b/2.png", "b/10.png", "a/z.PNG", "a/x/1.jpg", "a/x-y/1.jpeg", "a/x/y/0.png", "B/1.JPG", "é/ü.png", "日本/犬.png",
      "a/notes.txt", "a/other.avif", "a/.hidden.png", ".git/1.png", "a/.more/1.png", "a/noending", "a/.png",
    ] {
      try FolderTrees.write([1], to: directory.file(name))
    }
    let scan = try FolderScan(root: directory.path)
    #expect(scan.index.classNames == ["B", "a", "b", "é", "日本"])
    #expect(
      paths(scan.index) == [
        "B/1.JPG", "a/z.PNG", "a/x/1.jpg", "a/x-y/1.jpeg", "a/x/y/0.png", "b/10.png", "b/2.png", "é/ü.png", "日本/犬.png",
      ])
    #expect((0..<scan.index.count).map { number in scan.index.label(at: number) } == [0, 1, 1, 1, 1, 2, 2, 3, 4])
    let note = try #require(scan.note)
    for part in [
      "1 image of a format that is not read (.avif 1: a/other.avif)", "3 hidden", "1 system file or folder (.git)",
      "2 other files",
    ] {
      #expect(note.contains(part), "\(note)")
    }
  }

  @Test func `names need not be UTF-8`() throws {
    let directory = try TemporaryDirectory()
    for folder in ["a", "b"] {
      try makeFolder(directory.file(folder))
    }
    let bytes = try FolderTrees.image(3).pngBytes()
    for name in [[0x61, 0x2F, 0xFF, 0xFE], [0x62, 0x2F, 0xC3, 0x28]] as [[UInt8]] {
      let path = (Array(directory.path.utf8) + [0x2F] + name + Array(".png".utf8)).map(CChar.init(bitPattern:)) + [0]
      let file = unsafe open(path, O_WRONLY | O_CREAT, 0o644)
      try #require(file >= 0)
      #expect(unsafe write(file, bytes, bytes.count) == bytes.count)
      close(file)
    }
    let index = try FolderScan(root: directory.path).index
    #expect(Array(index.name(at: 0)) == [0xFF, 0xFE] + Array(".png".utf8))
    for number in 0..<2 {
      #expect(try index.image(at: number) == FolderTrees.image(3))
    }
  }

  @Test func `splits are found where the names of classes are not UTF-8`() throws {
    let directory = try TemporaryDirectory()
    let classes: [[UInt8]] = [[0xC3, 0x28], [0xFF, 0xFE]]
    for split in ["train", "test"] {
      try makeFolder(directory.file(split))
      for name in classes {
        let folder = Array(directory.file(split).utf8) + [0x2F] + name
        let folderPath = folder.map(CChar.init(bitPattern:)) + [0]
        #expect(unsafe mkdir(folderPath, 0o755) == 0)
        let path = (folder + Array("/1.png".utf8)).map(CChar.init(bitPattern:)) + [0]
        let file = unsafe open(path, O_WRONLY | O_CREAT, 0o644)
        try #require(file >= 0)
        close(file)
      }
    }
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.splits == [.train, .test] && layout.training.path == directory.file("train"))
    #expect(try FolderScan(layout.training).index.classFolders == classes)
  }

  @Test func `a name above the classes that is not UTF-8 is told`() throws {
    let directory = try TemporaryDirectory()
    for name in ["set/train/a/1.png", "set/train/b/1.png"] {
      try FolderTrees.write([1], to: directory.file(name))
    }
    let renamed = Array(directory.file("set").utf8) + [0xFF]
    #expect(unsafe rename(directory.file("set"), renamed.map(CChar.init(bitPattern:)) + [0]) == 0)
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(error.kind == .missing && error.description.contains("set\u{FFFD}: cannot list the folder"), "\(error)")
    #expect(error.description.contains("not UTF-8: rename that folder"), "\(error)")
  }

  @Test func `a class of two splits, through a link whose name is not UTF-8, is refused`() throws {
    let directory = try TemporaryDirectory()
    for name in ["train/a/1.png", "train/b/1.png", "test/b/2.png"] {
      try FolderTrees.write([1], to: directory.file(name))
    }
    let link = Array(directory.file("test/").utf8) + [0xFF, 0xFE]
    #expect(unsafe symlink("../train/a", link.map(CChar.init(bitPattern:)) + [0]) == 0)
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(error.description.contains("test and training images are one folder"), "\(error)")
  }

  @Test func `links are followed`() throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("elsewhere/1.png"))
    try FolderTrees.write(FolderTrees.image(2), to: directory.file("tree/a/0.png"))
    try FolderTrees.write(FolderTrees.image(3), to: directory.file("tree/b/0.png"))
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: directory.file("tree/a/more"), withDestinationPath: directory.file("elsewhere"))
    try manager.createSymbolicLink(
      atPath: directory.file("tree/a/2.png"), withDestinationPath: directory.file("elsewhere/1.png"))
    try FolderTrees.write(FolderTrees.image(4), to: directory.file("other/1.png"))
    try manager.createSymbolicLink(atPath: directory.file("tree/c"), withDestinationPath: directory.file("other"))
    let index = try FolderScan(root: directory.file("tree")).index
    #expect(paths(index) == ["a/0.png", "a/2.png", "a/more/1.png", "b/0.png", "c/1.png"])
    #expect(try index.image(at: 2) == FolderTrees.image(1))
  }

  /// It may have led to an image, to a folder of images, or to a class.
  @Test(arguments: ["tree/b/gone.png", "tree/b/gone", "tree/gone"])
  func `a broken link is named`(link: String) throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("tree/b/0.png"))
    try FileManager.default.createSymbolicLink(
      atPath: directory.file(link), withDestinationPath: directory.file("nowhere"))
    let root = directory.file("tree")
    let error = try #require(throws: FileError.self) { try FolderScan(root: root) }
    #expect(error.kind == .missing)
    #expect(error.description.contains(directory.file(link)) && error.description.contains("broken symbolic link"))
    let scan = try FolderScan(root: root, isSkipping: true)
    #expect(scan.index.count == 1 && scan.bad.map { file in "tree/\(file.path)" } == [link])
  }

  /// As a link to the files of another user, which are there.
  @Test func `a link that cannot be followed is not called broken`() throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write([1], to: directory.file("tree/b/0.png"))
    let link = directory.file("tree/b/self.png")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "self.png")
    let root = directory.file("tree")
    let error = try #require(throws: FileError.self) { try FolderScan(root: root) }
    #expect(error.description == "\(link): cannot follow the symbolic link: Too many levels of symbolic links")
  }

  @Test func `a link to where it lies is named`() throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("a/sub/1.png"))
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("a/sub/loop"), withDestinationPath: directory.file("a"))
    let folder = directory.path
    let error = try #require(throws: FileError.self) { try FolderScan(root: folder) }
    #expect(error.kind == .content)
    #expect(error.description.contains("a/sub/loop") && error.description.contains("link"))
    let scan = try FolderScan(root: folder, isSkipping: true)
    #expect(scan.index.count == 1)
    #expect(scan.bad.map(\.path) == ["a/sub/loop"])
  }

  @Test(arguments: [
    ("kitty", "cat", "kitty", "cat"), ("able", "cat", "cat", "able"), ("kitty", "cat/young", "kitty", "cat"),
    ("dog/more", "cat", "dog/more", "cat"), ("dog/more", "cat/young", "dog/more", "cat"),
  ])
  func `a folder of two classes, through a link, is named`(
    link: String, target: String, named: String, owner: String
  ) throws {
    let directory = try TemporaryDirectory()
    for name in ["cat/1.png", "cat/young/2.png", "dog/3.png"] {
      try FolderTrees.write([1], to: directory.file("tree/\(name)"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("tree/\(link)"), withDestinationPath: directory.file("tree/\(target)"))
    let root = directory.file("tree")
    let error = try #require(throws: FileError.self) { try FolderScan(root: root) }
    #expect(error.kind == .content)
    #expect(error.description.hasPrefix("\(root)/\(named): is a folder of the class '\(owner)' too"), "\(error)")
    // A class needs an image of its own.
    guard link.contains("/") else {
      #expect(throws: FileError.self) { try FolderScan(root: root, isSkipping: true) }
      return
    }
    let scan = try FolderScan(root: root, isSkipping: true)
    #expect(paths(scan.index) == ["cat/1.png", "cat/young/2.png", "dog/3.png"] && scan.bad.map(\.path) == [named])
  }

  @Test func `a folder that one class holds twice is no fault`() throws {
    let directory = try TemporaryDirectory()
    for name in ["cat/young/2.png", "dog/3.png"] { try FolderTrees.write([1], to: directory.file(name)) }
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("cat/small"), withDestinationPath: directory.file("cat/young"))
    #expect(paths(try FolderScan(root: directory.path).index) == ["cat/small/2.png", "cat/young/2.png", "dog/3.png"])
  }

  @Test func `what is no folder of classes is said`() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.path
    func expectError(_ kind: FileError.Kind, _ root: String, _ parts: String...) throws {
      let error = try #require(throws: FileError.self) { try FolderScan(root: root) }
      #expect(error.kind == kind)
      for part in parts {
        #expect(error.description.contains(part), "\(error)")
      }
    }
    try expectError(.missing, "\(folder)/none", "\(folder)/none", "No such file")
    try expectError(.content, folder, folder, "a folder for each class", "is empty")
    try FolderTrees.write([1], to: directory.file("1.png"))
    try expectError(.content, folder, "1 images", "named after their classes")
    try FolderTrees.write([1], to: directory.file("a/1.png"))
    try makeFolder(directory.file("b"))
    try FolderTrees.write([1], to: directory.file("b/1.txt"))
    try expectError(.content, folder, "\(folder)/b", "without images", ".jpg, .jpeg", ".png", ".txt 1")
  }

  @Test func `a class that is not among those of the training set`() throws {
    let directory = try TemporaryDirectory()
    for name in ["train/a/1.png", "train/b/1.png", "train/c/1.png", "val/a/1.png", "val/c/1.png"] {
      try FolderTrees.write([1], to: directory.file(name))
    }
    let classes = try FolderScan.classFolders(of: SplitFolder(path: directory.file("train")))
    let validation = try FolderScan(root: directory.file("val"), classes: classes).index
    #expect(validation.classNames == ["a", "b", "c"])
    #expect((0..<2).map { number in validation.label(at: number) } == [0, 2])
    try FolderTrees.write([1], to: directory.file("val/d/1.png"))
    let root = directory.file("val")
    let error = try #require(throws: FileError.self) { try FolderScan(root: root, classes: classes) }
    #expect(error.description.contains("val/d"))
  }
}
