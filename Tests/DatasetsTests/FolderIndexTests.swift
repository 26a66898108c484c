import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// The list of files: small, the same on every rank, divided the same way every time.
struct FolderIndexTests {
  private func index(_ counts: [Int]) throws -> FolderIndex {
    var index = FolderIndex(root: "tree")
    for (label, count) in counts.enumerated() {
      index.appendClass(Array("class-\(label)".utf8))
      for number in 0..<count {
        try index.append(Array("image-\(number).jpg".utf8))
      }
    }
    return index
  }

  @Test func `labels are where the classes lie`() throws {
    let index = try index([3, 0, 1, 5])
    #expect((0..<9).map { number in index.label(at: number) } == [0, 0, 0, 2, 3, 3, 3, 3, 3])
    #expect(index.files(ofClass: 1).isEmpty && index.files(ofClass: 3) == 4..<9)
    #expect(String(decoding: index.path(at: 3), as: UTF8.self) == "tree/class-2/image-0.jpg")
  }

  @Test func `other ranks get the same`() throws {
    let index = try index([3, 0, 1, 5])
    #expect(FolderIndex(decoding: index.encoded()) == index)
    #expect(FolderIndex(decoding: FolderIndex(root: "x").encoded()).count == 0)
  }

  @Test func `the fingerprint is that of names and classes, not of the place`() throws {
    let index = try index([3, 2])
    var moved = FolderIndex(root: "elsewhere")
    for label in 0..<2 {
      moved.appendClass(index.classFolders[label])
      for number in index.files(ofClass: label) {
        try moved.append(index.name(at: number))
      }
    }
    #expect(moved.fingerprint == index.fingerprint)
    #expect(try self.index([2, 3]).fingerprint != index.fingerprint)
    #expect(index.filtered { number in number != 4 }.fingerprint != index.fingerprint)
  }

  @Test func `each class is divided by the fraction`() throws {
    let index = try index([10, 1, 5, 100, 2])
    let parts = index.divided(validationFraction: 0.3)
    let counts = (0..<5).map { label in parts.validation.files(ofClass: label).count }
    #expect(counts == [3, 0, 2, 30, 1])
    #expect(parts.training.count + parts.validation.count == 118)
    let names = { (index: FolderIndex) in Set((0..<index.count).map { number in index.relativePath(at: number) }) }
    #expect(names(parts.training).isDisjoint(with: names(parts.validation)))
    // At least one is trained on.
    #expect(index.divided(validationFraction: 0.99).training.files(ofClass: 4).count == 1)
    #expect(index.divided(validationFraction: 0.3) == parts)
    // Not simply the first ones, and not the same ones in classes of one size.
    let even = try self.index([40, 40]).divided(validationFraction: 0.25).validation
    let kept = (0..<10).map { number in Array(even.name(at: number)) }
    #expect(kept != (0..<10).map { number in Array(index.name(at: number)) })
    #expect(kept != (10..<20).map { number in Array(even.name(at: number)) })
  }

  @Test func `a million files stay below 200 bytes each, most of the time below 60`() throws {
    let before = residentBytes()
    var index = FolderIndex(root: "/data/images/train")
    for label in 0..<1000 {
      index.appendClass(Array("n0\(1_440_764 + label)".utf8))
      for number in 0..<1000 {
        try index.append(Array("n0\(1_440_764 + label)_\(10000 + number).JPEG".utf8))
      }
    }
    #expect(index.count == 1_000_000)
    // While it is made, arrays have room to grow.
    #expect(index.byteCount < 100_000_000)
    let kept = index.filtered { _ in true }
    #expect(kept.byteCount < 30_000_000)
    // Two indices and one on its way to other ranks.
    let encoded = kept.encoded()
    #expect(residentBytes() - before < 200_000_000)
    #expect(FolderIndex(decoding: encoded) == index)
  }

  @Test func `scanning a large folder takes little memory`() throws {
    let directory = try TemporaryDirectory()
    let count = 50_000
    for (name, files) in [("a", count), ("b", 1)] {
      try makeFolder(directory.file(name))
      for number in 0..<files {
        let file = unsafe open("\(directory.path)/\(name)/n01440764_\(number).JPEG", O_WRONLY | O_CREAT, 0o644)
        try #require(file >= 0)
        close(file)
      }
    }
    let before = residentBytes()
    let index = try FolderScan(root: directory.path).index
    #expect(index.count == count + 1)
    #expect(residentBytes() - before < 200 * count)
    #expect(index.byteCount < 60 * count)
  }

  private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { pages in Int(pages) } ?? 0) * 4096
  }
}
