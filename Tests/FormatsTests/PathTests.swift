import Formats
import Foundation
import TestSupport
import Testing

/// Absolute paths, and whether one lies in another.
struct PathTests {
  @Test func `an absolute path keeps links, a resolved one does not`() throws {
    let directory = try TemporaryDirectory()
    let root = directory.path.resolvedPath
    try FileManager.default.createDirectory(atPath: "\(root)/data/train", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(root)/link", withDestinationPath: "data")
    #expect("\(root)/./link//train".absolutePath == "\(root)/link/train")
    #expect("\(root)/link/train".resolvedPath == "\(root)/data/train")
    // What does not exist yet, below a link.
    #expect("\(root)/link/new/run".resolvedPath == "\(root)/data/new/run")
    #expect("\(root)/link/new/../run/".resolvedPath == "\(root)/data/run")
    #expect("\(root)/new/./run".resolvedPath == "\(root)/new/run")
    let current = FileManager.default.currentDirectoryPath
    #expect(".".absolutePath == current && "/data".absolutePath == "/data" && "./a".absolutePath == "\(current)/a")
    #expect("/".resolvedPath == "/")
  }

  @Test func `a folder and what it holds lie in it, what only begins like it does not`() throws {
    let directory = try TemporaryDirectory()
    let root = directory.path
    try FileManager.default.createDirectory(atPath: "\(root)/data", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(root)/link", withDestinationPath: "data")
    for path in ["data", "data/", "data/a/b", "other/../data/a", "link", "link/a"] {
      #expect("\(root)/\(path)".lies(in: "\(root)/data"), "\(path)")
      #expect("\(root)/\(path)".lies(in: "\(root)/link"), "\(path)")
    }
    for path in ["", "data-2", "a/data"] {
      #expect(!"\(root)/\(path)".lies(in: "\(root)/data"), "\(path)")
    }
    #expect(root.lies(in: "/"))
  }
}
