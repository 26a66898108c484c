import Configuration
import Foundation
import Job
import Testing

/// Datasets of runs that were started in another folder, or whose data were moved.
struct DataLocationTests {
  private func withTree(_ names: [String], _ body: (String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for name in names {
      try FileManager.default.createDirectory(
        at: root.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    try body(root.path)
  }

  @Test func `a relative path of a run is found beside the run and above it`() throws {
    try withTree(["a/images", "a/runs/one"]) { root in
      let run = "\(root)/a/runs/one"
      for path in ["images", "\(root)/a/images"] {
        let found = try DataLocation.found(path, of: "the run", folder: run)
        #expect(found == "\(root)/a/images")
      }
    }
  }

  @Test(arguments: ["images", "/nowhere/images", "runs/../images"])
  func `moved data ask for --data`(path: String) throws {
    try withTree(["a/runs/one"]) { root in
      var configuration = Configuration()
      configuration.data.dataset = .folder
      configuration.data.path = path
      let error = #expect(throws: RunError.self) { try configuration.locateData(ofRun: "\(root)/a/runs/one") }
      #expect(error?.exitCode == .missing)
      #expect(error?.problem.contains("\(path): there is no such file or folder") == true)
      #expect(error?.problem.contains("a/runs/one") == true && error?.remedy.contains("--data") == true)
    }
  }

  @Test func `stored paths do not depend on the current folder`() {
    var configuration = Configuration()
    configuration.data.path = "./images"
    configuration.model.initialPath = "runs/one"
    let folder = FileManager.default.currentDirectoryPath
    #expect(configuration.withAbsolutePaths.data.path == "\(folder)/images")
    #expect(configuration.withAbsolutePaths.model.initialPath == "\(folder)/runs/one")
  }
}
