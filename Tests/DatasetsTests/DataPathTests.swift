import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// Files in place of a folder of images.
struct DataPathTests {
  private static let zipStart: [UInt8] = [0x50, 0x4B, 3, 4, 20, 0]
  private static let officeStart: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]

  @Test(arguments: [
    ("labels.xlsx", zipStart, "a spreadsheet", "as CSV"), ("Labels.XLSM", zipStart, "a spreadsheet", "as CSV"),
    ("labels.ods", zipStart, "a spreadsheet", "as CSV"), ("labels.xls", officeStart, "a spreadsheet", "as CSV"),
    ("set.npz", zipStart, "an archive of NumPy arrays", "one folder for each class"),
    ("model.pt", zipStart, "a file of torch.save", "expected a folder"),
    ("set.zip", zipStart, "a ZIP archive", "unpack it"),
    ("set", zipStart, "a ZIP archive", "unpack it"), ("old.doc", officeStart, "an unknown format", "expected a folder"),
  ])
  func `a file that is no pack is told as what it is`(
    name: String, start: [UInt8], title: String, advice: String
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file(name)
    try writeBytes(start + [UInt8](repeating: 0, count: 40), to: path)
    let error = try #require(DataPath.fileProblem(path))
    #expect(error.kind == .content && error.description.contains(title), "\(error)")
    #expect(error.description.contains(advice), "\(error)")
    #expect(title.contains("ZIP") || !error.description.contains("unpack"), "\(error)")
    #expect(DataPath.singleFile(path) == nil)
  }

  @Test func `a list and a pack stand in place of a folder`() throws {
    let directory = try TemporaryDirectory()
    try writeBytes(Array("a.png,cat\n".utf8), to: directory.file("list.CSV"))
    try writeBytes([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: directory.file("pack"))
    try writeBytes(Array("notes".utf8), to: directory.file("notes.txt"))
    #expect(DataPath.singleFile(directory.file("list.CSV")) == .list)
    #expect(DataPath.singleFile(directory.file("pack")) == .pack)
    for path in [directory.path, directory.file("none"), directory.file("notes.txt"), nil] {
      #expect(DataPath.singleFile(path) == nil)
    }
  }

  @Test func `a path that cannot be examined is not told as missing`() throws {
    let directory = try TemporaryDirectory()
    // A link to itself, as no folder is closed to a root user.
    let loop = directory.file("loop")
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
    #expect(DataPath.kind(loop) == .unreadable(ELOOP) && DataPath.kind(directory.file("none")) == .missing)
    let error = try #require(DataPath.problem(loop))
    #expect(error.kind == .inputOutput && error.description.contains("symbolic links"), "\(error)")
    #expect(throws: error) { try FolderLayout(FolderRequest(path: loop)) }
    var request = FolderRequest(path: directory.path)
    request.trainFolder = "loop"
    #expect(throws: error) { try FolderLayout(request) }
  }
}
