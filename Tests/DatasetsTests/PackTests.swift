import Datasets
import Formats
import ImageCodecs
import ImagePacks
import Imaging
import TestSupport
import Testing

/// A pack holds what its folder held, decoded and made smaller.
struct PackTests {
  private func folders(_ directory: borrowing TemporaryDirectory) throws -> (FolderIndex, FolderIndex) {
    for number in 0..<40 {
      let image = FolderTrees.image(number, width: 10 + number % 5, height: 12)
      try FolderTrees.write(image, to: directory.file("train/\(number % 3)/\(number).png"))
    }
    try FolderTrees.write(FolderTrees.image(7, width: 40, height: 20), to: directory.file("val/1/x.png"))
    try FolderTrees.write(FolderTrees.image(8, width: 4, height: 4), to: directory.file("val/2/é.png"))
    let training = try FolderScan(root: directory.file("train")).index
    return (training, try FolderScan(root: directory.file("val"), classes: training.classFolders).index)
  }

  @Test(arguments: [1, 3])
  func `what goes in comes out`(threads: Int) throws {
    let directory = try TemporaryDirectory()
    let (training, validation) = try folders(directory)
    let path = directory.file("pack")
    var last = 0
    try PackWriter(training: training, validation: validation, shorterSide: 8, threads: threads)
      .write(to: path) { done in last = done }
    #expect(last == 42)
    let pack = try PackedDataset(path: path, split: .train)
    #expect(pack.count == 40 && pack.classNames == ["0", "1", "2"])
    var survey = ImageSurvey()
    for number in 0..<40 {
      let image = try training.image(at: number).resizedShorterSide(8)
      survey.add(image)
      #expect(try pack.image(at: number) == image)
      #expect(min(image.width, image.height) == 8)
      #expect(pack.label(at: number) == training.label(at: number))
      #expect(pack.name(at: number) == String(decoding: training.relativePath(at: number), as: UTF8.self))
    }
    #expect(pack.normalization == survey.normalization)
    #expect(pack.survey.sizes == survey.sizes)

    let other = try PackedDataset(path: path, split: .validation)
    #expect(other.normalization == pack.normalization && other.fingerprint == pack.fingerprint)
    #expect(
      try (0..<2).map { number in try other.image(at: number).size } == [
        ImageSize(width: 16, height: 8), ImageSize(width: 4, height: 4),
      ])
    #expect(try other.path(at: 1) == "2/é.png" && other.label(at: 1) == 2)
    #expect(throws: Never.self) { try pack.verifyStorage() }
  }

  /// libpng writes the pixels in pieces of 8 KiB, and some programs put the orientation behind them.
  @Test func `an orientation behind the pixels of a long PNG file is packed`() throws {
    let directory = try TemporaryDirectory()
    // Noise, which does not compress.
    var state: UInt32 = 1
    let samples = (0..<240 * 160 * 3).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    var file = try RGBImage(width: 240, height: 160, samples: samples).pngBytes()
    // One tag, 0x0112 with the value 6: a quarter turn to the right.
    let exif: [UInt8] = [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
    let length: [UInt8] = [0, 0, 0, UInt8(exif.count)]
    file.insert(contentsOf: length + Array("eXIf".utf8) + exif + [0, 0, 0, 0], at: file.count - 12)
    #expect(file.count > 1 << 16)
    try FolderTrees.write(file, to: directory.file("a/1.png"))
    let index = try FolderScan(root: directory.path).index
    let path = directory.file("pack")
    try PackWriter(training: index, validation: nil, shorterSide: 500, threads: 1).write(to: path)
    let image = try PackedDataset(path: path, split: .train).image(at: 0)
    #expect(image.size == ImageSize(width: 160, height: 240))
    // The lower left corner becomes the upper left one.
    #expect(Array(image.samples.prefix(3)) == Array(samples[159 * 720..<159 * 720 + 3]))
  }

  @Test func `a pack without validation images says what to do`() throws {
    let directory = try TemporaryDirectory()
    let (training, _) = try folders(directory)
    let path = directory.file("pack")
    try PackWriter(training: training, validation: nil, shorterSide: 8, threads: 1).write(to: path)
    #expect(try PackedDataset(path: path, split: .train).count == 40)
    let error = try #require(throws: FileError.self) { try PackedDataset(path: path, split: .validation) }
    #expect(error.kind == .missing && error.description.contains("--validation-fraction"))
  }

  @Test(
    arguments: [
      ([:], "a model's weights"), (["format": "pt"], "a model's weights"),
      (["format": "supcon-pack", "version": "0"], "a pack of another version"),
    ] as [([String: String], String)])
  func `another safetensors file is told as what it is`(metadata: [String: String], title: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("other")
    try SafetensorsWriter.write(to: path, metadata: metadata, tensors: [NamedTensor]())
    let error = try #require(throws: FileError.self) { try PackedDataset(path: path, split: .train) }
    #expect(error.kind == .content && error.description.contains(title), "\(error)")
  }

  @Test func `a bad image ends the packing and leaves nothing behind`() throws {
    let directory = try TemporaryDirectory()
    let (training, _) = try folders(directory)
    let path = directory.file("train/1/10.png")
    try writeBytes(Array(readBytes(path).dropLast(30)), to: path)
    let target = directory.file("pack")
    let error = try #require(throws: FileError.self) {
      try PackWriter(training: training, validation: nil, shorterSide: 8, threads: 2).write(to: target)
    }
    #expect(error.description.contains("train/1/10.png"))
    #expect(try directory.names() == ["train", "val"])
  }

  @Test func `damage anywhere is found and crashes nothing`() throws {
    let directory = try TemporaryDirectory()
    let (training, validation) = try folders(directory)
    let path = directory.file("pack")
    try PackWriter(training: training, validation: validation, shorterSide: 8, threads: 1).write(to: path)
    let bytes = try readBytes(path)
    let other = directory.file("damaged")
    for number in 0..<600 {
      var mutations = Mutations(seed: UInt64(number))
      // Most damages to what stands before the pixels.
      let head = Array(bytes.prefix(number.isMultiple(of: 4) ? bytes.count : 3000))
      let damaged = mutations.damaged(head, other: bytes) + bytes.dropFirst(head.count)
      guard damaged != bytes else { continue }
      try writeBytes(damaged, to: other)
      let error = #expect(throws: FileError.self, "damage \(number)") {
        let pack = try PackedDataset(path: other, split: .train)
        for image in 0..<pack.count {
          _ = try pack.image(at: image)
          _ = pack.name(at: image)
        }
        try pack.verifyStorage()
      }
      #expect(error?.description.contains(other) ?? false)
    }
  }
}
