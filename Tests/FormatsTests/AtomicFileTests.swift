import Formats
import Glibc
import TestSupport
import Testing

struct AtomicFileTests {
  @Test func `a file appears whole and alone`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.txt")
    try AtomicFile.write("first", to: path)
    #expect(try readBytes(path) == Array("first".utf8))
    try AtomicFile.write("second, longer", to: path)
    #expect(try readBytes(path) == Array("second, longer".utf8))
    try AtomicFile.write("", to: path)
    #expect(try readBytes(path).isEmpty)
    let names = try directory.names()
    #expect(names == ["a.txt"])
  }

  @Test func `pieces follow each other`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.bin")
    let pieces: [[UInt8]] = [[1, 2], [], Array(repeating: 7, count: 100_000), [3]]
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      for piece in pieces {
        unsafe try file.append(piece.span.bytes)
      }
    }
    #expect(try readBytes(path) == Array(pieces.joined()))
  }

  @Test func `a body that throws leaves the old file and nothing else`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.txt")
    try AtomicFile.write("old", to: path)
    let thrown = FileError(.content, "on purpose")
    #expect(throws: thrown) {
      try AtomicFile.write(to: path) { (file) throws(FileError) in
        let bytes = Array("new".utf8)
        unsafe try file.append(bytes.span.bytes)
        throw thrown
      }
    }
    #expect(try readBytes(path) == Array("old".utf8))
    let names = try directory.names()
    #expect(names == ["a.txt"])
  }

  @Test(arguments: ["none/a.txt", "folder", "file/a.txt", "/proc/supcon.txt", "/dev/full"])
  func `an output that cannot be created is found before the work, and nothing is left`(name: String) throws {
    let directory = try TemporaryDirectory()
    try makeFolder(directory.file("folder"))
    try writeBytes([1], to: directory.file("file"))
    let path = name.hasPrefix("/") ? name : directory.file(name)
    let error = try #require(throws: FileError.self) { try AtomicFile.check(path) }
    #expect(error.kind == .creation && error.description.contains(path), "\(error)")
    #expect(throws: error) { try AtomicFile.write("text", to: path) }
    #expect(try directory.names().sorted() == ["file", "folder"])
  }

  @Test(
    arguments: [
      (EROFS, .creation), (EACCES, .creation), (ENOENT, .creation), (ENAMETOOLONG, .creation), (ENOSPC, .inputOutput),
      (EDQUOT, .inputOutput), (EIO, .inputOutput),
    ] as [(Int32, FileError.Kind)])
  func `a full disk is a failed write, another reason lies in the path`(code: Int32, kind: FileError.Kind) {
    let error = FileError(creating: "a.txt", code: code)
    #expect(error.kind == kind && error.description.hasPrefix("a.txt: cannot create it: "))
  }

  @Test func `too many open files are told with the remedy`() {
    #expect(FileError(path: "a.png", action: "open it", code: EMFILE).description.contains("ulimit -n"))
  }

  @Test func `a missing folder is named`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("none/a.txt")
    let error = try #require(throws: FileError.self) { try AtomicFile.write("text", to: path) }
    #expect(error.kind == .creation)
    #expect(error.description.contains(path))
  }

  @Test func `the name of a folder, and what is in the temporary file's place, are told`() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.file("new/")
    let error = try #require(throws: FileError.self) { try AtomicFile.check(folder) }
    #expect(error.kind == .creation && error.description.hasPrefix("\(folder): ends in /"), "\(error)")
    let path = directory.file("a.txt")
    try makeFolder("\(path).temporary")
    let blocked = try #require(throws: FileError.self) { try AtomicFile.write("text", to: path) }
    #expect(blocked.kind == .creation && blocked.description.hasPrefix("\(path): cannot create it"), "\(blocked)")
    #expect(blocked.description.contains("\(path).temporary, which is there already"), "\(blocked)")
  }

  @Test func `a folder in the file's place is kept`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("folder")
    try makeFolder(path)
    try AtomicFile.write("inside", to: path + "/inside")
    let error = try #require(throws: FileError.self) { try AtomicFile.write("text", to: path) }
    #expect(error.kind == .creation)
    #expect(try readBytes(path + "/inside") == Array("inside".utf8))
    let names = try directory.names()
    #expect(names == ["folder"])
  }
}

struct ReadOnlyFileTests {
  @Test func `reads stay inside the file`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("ten")
    try writeBytes(Array(0..<10), to: path)
    let file = try ReadOnlyFile(path: path)
    #expect(file.byteCount == 10)
    #expect(try file.read(3, at: 4) == [4, 5, 6])
    #expect(try file.read(0, at: 10).isEmpty)
    for (count, offset) in [(11, 0), (1, 10), (-1, 0), (1, -1), (Int.max, 1), (1, Int.max)] {
      #expect(throws: FileError.self) { try file.read(count, at: offset) }
    }
  }

  @Test func `missing files and folders are told apart`() throws {
    let directory = try TemporaryDirectory()
    let missing = directory.file("none")
    let error = try #require(throws: FileError.self) { try ReadOnlyFile(path: missing) }
    #expect(error.kind == .missing && error.description.contains(missing))
    let folder = directory.path
    let folderError = try #require(throws: FileError.self) { try ReadOnlyFile(path: folder) }
    #expect(folderError.kind == .content && folderError.description.contains(folder))
  }

  @Test func `what cannot be written is told before the work, by its own name`() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.check(directory.file("new.npy"))
    try writeBytes([1], to: directory.file("old.npy"))
    try AtomicFile.check(directory.file("old.npy"))
    #expect(try directory.names() == ["old.npy"])
    let missing = #expect(throws: FileError.self) { try AtomicFile.check(directory.file("no/x.npy")) }
    #expect(
      missing?.kind == .creation
        && missing?.description.contains("there is no folder \(directory.file("no")): make it") == true)
    let written = #expect(throws: FileError.self) { try AtomicFile.write("a", to: directory.file("no/x.npy")) }
    #expect(written == missing && written?.description.contains("temporary") == false)
    let folder = #expect(throws: FileError.self) { try AtomicFile.check(directory.path) }
    #expect(folder?.description.contains("is a folder; give the name of a file") == true)
    // A rename would replace the device.
    let device = #expect(throws: FileError.self) { try AtomicFile.write("a", to: "/dev/null") }
    #expect(device?.description == "/dev/null: is not a regular file, and only such a file can be written")
  }
}
