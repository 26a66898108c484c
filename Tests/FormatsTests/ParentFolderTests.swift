import Formats
import TestSupport
import Testing

struct ParentFolderTests {
  @Test(arguments: ["images", "images/", "a/b", "a/b/", "/b", "/b/", "/", "/a/b.csv", "./a", "ä/ö"])
  func `parent folder and name are what dirname and basename print`(path: String) throws {
    let dirname = try runProcess("/usr/bin/dirname", [path])
    #expect(path.parentFolder + "\n" == dirname.standardOutput)
    let basename = try runProcess("/usr/bin/basename", [path])
    #expect(path.lastComponent + "\n" == basename.standardOutput)
  }
}
