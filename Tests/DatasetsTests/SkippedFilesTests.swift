import Datasets
import Formats
import TestSupport
import Testing

/// Files and folders that a scan does not use.
struct SkippedFilesTests {
  private func scan(_ names: [String], classes: [String]? = nil) throws -> FolderScan {
    let directory = try TemporaryDirectory()
    for name in names {
      try FolderTrees.write([1], to: directory.file(name))
    }
    return try FolderScan(root: directory.path, classes: classes.map { names in names.map { Array($0.utf8) } })
  }

  @Test(arguments: [
    ("a/@eaDir/1.png/THUMB.png", SkippedFiles.Kind.system), ("@eaDir/1.png", .system), ("__MACOSX/a/._1.png", .system),
    ("lost+found/1.png", .system), ("$RECYCLE.BIN/1.png", .system), ("System Volume Information/x", .system),
    ("a/Thumbs.db", .system), ("a/.DS_Store", .system), ("a/._2.png", .system), ("a/#recycle/1.png", .system),
    (".cache/1.png", .hidden), ("a/.2.png", .hidden), ("a/2.avif", .imageFormat), ("a/2.HEIC", .imageFormat),
    ("a/2.txt", .otherFile), ("a/noending", .otherFile), ("labels.csv", .otherFile), ("2.png", .looseImage),
  ])
  func `is counted by kind and named`(name: String, kind: SkippedFiles.Kind) throws {
    let scan = try scan(["a/1.png", "b/1.png", name])
    #expect(scan.index.count == 2 && scan.index.classNames == ["a", "b"])
    #expect(scan.skippedFiles.count(kind) == 1)
    let total = SkippedFiles.Kind.allCases.reduce(0) { sum, kind in sum + scan.skippedFiles.count(kind) }
    #expect(total == 1, "\(scan.note ?? "")")
    #expect(scan.note?.contains("passed over 1 ") ?? false)
    // What is counted by its kind, system folders or files, is named by the first path.
    let path = [".cache/1.png": ".cache", "a/@eaDir/1.png/THUMB.png": "a/@eaDir", "a/#recycle/1.png": "a/#recycle"][
      name]
    let folder = name.split(separator: "/").first.map(String.init) ?? name
    let shown = path ?? (folder == "a" || !name.contains("/") ? name : folder)
    #expect(scan.note?.contains(shown) ?? false, "\(scan.note ?? "")")
  }

  @Test func `a clean folder has no note, nor has the program's own file`() throws {
    #expect(try scan(["a/1.png", "b/1.jpg", "supcon-dataset.json"]).note == nil)
  }

  @Test func `every file is in the index or in a count`() throws {
    let names = [
      "a/1.png", "a/2.jpg", "a/3.jpeg", "a/4.JPE", "a/5.jfif", "a/x.avif", "a/y.avif", "a/z.jxl", "a/n.txt", "b/1.png",
      "b/.h", "c.png", "d.md", "b/deep/deeper/1.png", "b/deep/t.heic",
    ]
    let scan = try scan(names)
    #expect(scan.index.count == 7)
    let total = SkippedFiles.Kind.allCases.reduce(0) { sum, kind in sum + scan.skippedFiles.count(kind) }
    #expect(scan.index.count + total == names.count)
    #expect(
      scan.note?.contains(
        "4 images of formats that are not read (.avif 2, .heic 1, .jxl 1: a/x.avif, a/y.avif, a/z.jxl, ") ?? false)
  }

  @Test func `the first files of a kind are named by their paths`() throws {
    let scan = try scan(
      ["a/1.png", "b/1.png"] + (0..<6).map { number in "\(number).jpg" } + ["b/deep/n.txt", "m.TXT"])
    let note = try #require(scan.note)
    #expect(note.contains("6 images beside the folders (0.jpg, 1.jpg, 2.jpg, 3.jpg, …)"), "\(note)")
    #expect(note.contains("2 other files (.txt 2: m.TXT, b/deep/n.txt)"), "\(note)")
  }

  @Test func `a class without images says what it holds`() throws {
    for (name, part) in [("b/1.avif", ".avif 1"), ("b/1.txt", ".txt 1"), ("b/@eaDir/1.png", "@eaDir")] {
      let error = try #require(throws: FileError.self) { try scan(["a/1.png", name]) }
      #expect(error.description.contains("without images") && error.description.contains(part), "\(error)")
    }
  }

  @Test(arguments: [
    ("Cat", "cat", "in case"), ("caf\u{E9}", "cafe\u{301}", "in Unicode normalization"),
    ("t-shirt", "t shirt", "in spaces"),
  ])
  func `names that look the same are told`(one: String, other: String, difference: String) throws {
    let scan = try scan(["\(one)/1.png", "\(other)/1.png", "dog/1.png"])
    #expect(scan.nameNotes.count == 1 && scan.nameNotes[0].contains(difference), "\(scan.nameNotes)")
    let error = try #require(throws: FileError.self) { try self.scan(["\(other)/1.png"], classes: [one, "dog"]) }
    #expect(error.description.contains(difference), "\(error)")
    #expect(try self.scan(["cat/1.png", "dog/1.png"]).nameNotes.isEmpty)
  }

  @Test func `numbers as names in the order of text are told`() throws {
    #expect(try scan((0..<12).map { number in "\(number)/1.png" }).nameNotes.count == 1)
    #expect(try scan((0..<12).map { number in "\(number + 10)/1.png" }).nameNotes.isEmpty)
  }

  /// Of the classes 1 to 10, label 2 is class 2.
  @Test(arguments: [(0...10, 2, 10), (1...10, 1, 10), (9...11, 0, 10), (2...20, 0, 10)])
  func `the first label that is not in the order of numbers is the example`(
    numbers: ClosedRange<Int>, label: Int, name: Int
  ) throws {
    let notes = try scan(numbers.map { number in "\(number)/1.png" }).nameNotes
    #expect(notes.count == 1 && notes[0].contains("so that label \(label) is class \(name);"), "\(notes)")
  }

  @Test func `all unknown classes are named`() throws {
    let error = try #require(throws: FileError.self) {
      try scan(["a/1.png", "x/1.png", "y/1.png"], classes: ["a", "b"])
    }
    for part in ["/x: is not a class", "y", "a, b"] {
      #expect(error.description.contains(part), "\(error)")
    }
  }
}
