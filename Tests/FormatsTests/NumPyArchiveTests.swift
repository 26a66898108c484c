import Formats
import Foundation
import TestSupport
import Testing

/// Archives that NumPy wrote (scripts/make-array-fixtures.py), and damaged ones.
struct NumPyArchiveTests {
  private func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
  }

  @Test(arguments: ["stored.npz", "deflated.npz", "fortran.npz"])
  func `the only array of an archive is read`(name: String) throws {
    let file = try NumPyFile(path: fixture(name))
    #expect(file.shape == [3, 4])
    #expect(try file.doubles(0..<12) == (0..<12).map { index in Double(index) / 4 - 1 })
    #expect(try file.floats(5..<7) == [0.25, 0.5])
  }

  @Test func `an archive of several arrays names them and the remedy`() throws {
    let error = try #require(throws: FileError.self) { try NumPyFile(path: fixture("two.npz")) }
    #expect(error.kind == .content)
    #expect(error.description.hasSuffix(" first"), "\(error)")
    for part in ["2 arrays", "first", "second", "np.load(sys.argv[1])[sys.argv[2]]"] {
      #expect(error.description.contains(part), "\(error)")
    }
  }

  @Test(arguments: ["bfloat16.npy", "half-big-endian.npy"])
  func `files of NumPy with short numbers are read`(name: String) throws {
    #expect(try NumPyFile(path: fixture(name)).floats(0..<4) == [1, -2, 0.5, 96])
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func `a damaged archive is refused or the same`(name: String) throws {
    let whole = try readBytes(fixture(name))
    let expected = (0..<12).map { index in Double(index) / 4 - 1 }
    let directory = try TemporaryDirectory()
    let path = directory.file("a.npz")
    for place in whole.indices {
      for bytes in [Array(whole[..<place]), whole[..<place] + [whole[place] ^ 0x41] + whole[(place + 1)...]] {
        try writeBytes(Array(bytes), to: path)
        do throws(FileError) {
          let file = try NumPyFile(path: path)
          #expect(try file.doubles(0..<12) == expected, "byte \(place)")
        } catch {
          #expect(error.kind == .content)
        }
      }
    }
  }
}
