import Datasets
import Formats
import ImageCodecs
import Imaging
import TestSupport
import Testing

struct CIFARDatasetTests {
  /// A record whose planes can be told apart: red counts up from `seed`, green counts down, blue is all `seed`.
  private static func record(labels: [UInt8], seed: Int) -> [UInt8] {
    let red = (0..<1024).map { pixel in UInt8(truncatingIfNeeded: seed + pixel) }
    let green = (0..<1024).map { pixel in UInt8(truncatingIfNeeded: seed - pixel * 3) }
    return labels + red + green + Array(repeating: UInt8(truncatingIfNeeded: seed), count: 1024)
  }

  private static func samples(seed: Int) -> [UInt8] {
    (0..<1024).flatMap { pixel in
      [
        UInt8(truncatingIfNeeded: seed + pixel), UInt8(truncatingIfNeeded: seed - pixel * 3),
        UInt8(truncatingIfNeeded: seed),
      ]
    }
  }

  /// Five training files of 1 to 5 records, whose labels and seeds count up, and a test file of two.
  private static func writeCIFAR10(_ directory: borrowing TemporaryDirectory) throws {
    var number = 0
    for batch in 1...5 {
      let records = (0..<batch).map { index in
        record(labels: [UInt8((number + index) % 10)], seed: 10 * (number + index))
      }
      number += batch
      try writeBytes(Array(records.joined()), to: directory.file("data_batch_\(batch).bin"))
    }
    try writeBytes(
      record(labels: [9], seed: 1) + record(labels: [0], seed: 2), to: directory.file("test_batch.bin"))
  }

  @Test func `CIFAR-10's files follow each other`() throws {
    let directory = try TemporaryDirectory()
    try Self.writeCIFAR10(directory)
    let train = try CIFARDataset(.cifar10, directory: directory.path, split: .train)
    #expect(train.count == 15)
    #expect(train.viewSize == ImageSize(width: 32, height: 32))
    let labels = (0..<15).map { index in train.label(at: index) }
    #expect(labels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
    for index in [0, 1, 2, 3, 9, 10, 14] {
      let image = try train.image(at: index)
      #expect(image == RGBImage(width: 32, height: 32, samples: Self.samples(seed: 10 * index)), "image \(index)")
    }
    #expect(train.classNames.first == "airplane" && train.classNames.last == "truck")
    #expect(train.notes.count == 5)
    let note = try #require(train.notes.first)
    #expect(note.contains("data_batch_1.bin") && note.contains("1") && note.contains("10000"))

    let test = try CIFARDataset(.cifar10, directory: directory.path, split: .test)
    #expect((0..<test.count).map { index in test.label(at: index) } == [9, 0])
    #expect(try test.image(at: 1).samples == Self.samples(seed: 2))
  }

  @Test func `CIFAR-100's class is the second label byte`() throws {
    let directory = try TemporaryDirectory()
    let records = [([3, 99], 5), ([19, 0], 6), ([0, 42], 7)] as [([UInt8], Int)]
    let bytes = records.flatMap { labels, seed in Self.record(labels: labels, seed: seed) }
    try writeBytes(bytes, to: directory.file("train.bin"))
    let dataset = try CIFARDataset(.cifar100, directory: directory.path, split: .train)
    #expect((0..<dataset.count).map { index in dataset.label(at: index) } == [99, 0, 42])
    #expect(try dataset.image(at: 2).samples == Self.samples(seed: 7))
    #expect(Set(dataset.classNames).count == 100 && dataset.classNames == dataset.classNames.sorted())
    #expect([0, 42, 99].map { label in dataset.classNames[label] } == ["apple", "leopard", "worm"])
  }

  @Test func `class names come from the archive's list`() throws {
    let directory = try TemporaryDirectory()
    try Self.writeCIFAR10(directory)
    let names = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry"]
    try writeBytes(Array((names.joined(separator: "\n") + "\n\n").utf8), to: directory.file("batches.meta.txt"))
    #expect(try CIFARDataset(.cifar10, directory: directory.path, split: .test).classNames == names)
  }

  @Test(arguments: [-1, 1])
  func `a file of another length is named with both numbers`(difference: Int) throws {
    let directory = try TemporaryDirectory()
    try Self.writeCIFAR10(directory)
    let path = directory.file("data_batch_3.bin")
    let bytes = try readBytes(path)
    try writeBytes(difference < 0 ? Array(bytes.dropLast()) : bytes + [0], to: path)
    let folder = directory.path
    let error = try #require(throws: FileError.self) {
      try CIFARDataset(.cifar10, directory: folder, split: .train)
    }
    #expect(error.kind == .content)
    #expect(error.description.contains(path))
    #expect(error.description.contains("30730000") && error.description.contains("\(3 * 3073 + difference)"))
  }

  @Test func `an empty file is refused`() throws {
    let directory = try TemporaryDirectory()
    try writeBytes([], to: directory.file("test.bin"))
    let folder = directory.path
    let error = try #require(throws: FileError.self) {
      try CIFARDataset(.cifar100, directory: folder, split: .test)
    }
    #expect(error.kind == .content && error.description.contains("found 0"))
  }

  /// CIFAR-100's file under CIFAR-10's name would have labels like these, if its length did not betray it.
  @Test func `a label out of range names file and record`() throws {
    let directory = try TemporaryDirectory()
    let good = Self.record(labels: [4], seed: 0)
    let bytes = Array(repeating: good, count: 400).joined() + Self.record(labels: [10], seed: 0) + good
    let path = directory.file("test_batch.bin")
    try writeBytes(Array(bytes), to: path)
    let folder = directory.path
    let error = try #require(throws: FileError.self) {
      try CIFARDataset(.cifar10, directory: folder, split: .test)
    }
    #expect(error.kind == .content)
    #expect(error.description.contains(path) && error.description.contains("record 400 "))
    #expect(error.description.contains("label 10"))

    try writeBytes(Self.record(labels: [0, 100], seed: 0), to: directory.file("test.bin"))
    let fine = try #require(throws: FileError.self) {
      try CIFARDataset(.cifar100, directory: folder, split: .test)
    }
    #expect(fine.description.contains("record 0 ") && fine.description.contains("label 100"))
  }

  @Test func `a missing file is named, and what was expected`() throws {
    let directory = try TemporaryDirectory()
    try Self.writeCIFAR10(directory)
    try removeFile(directory.file("data_batch_4.bin"))
    let folder = directory.path
    let error = try #require(throws: FileError.self) {
      try CIFARDataset(.cifar10, directory: folder, split: .train)
    }
    #expect(error.kind == .missing)
    #expect(error.description.contains("data_batch_4.bin") && error.description.contains("--data"))
    #expect(throws: Never.self) { try CIFARDataset(.cifar10, directory: folder, split: .test) }
  }

  @Test func `the constants of the two datasets`() throws {
    let directory = try TemporaryDirectory()
    try Self.writeCIFAR10(directory)
    let normalization = try CIFARDataset(.cifar10, directory: directory.path, split: .test).normalization
    #expect(normalization.mean == [0.4914, 0.4822, 0.4465])
    #expect(normalization.standardDeviation == [0.2023, 0.1994, 0.2010])
  }
}
