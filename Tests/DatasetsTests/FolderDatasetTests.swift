import Datasets
import Formats
import Glibc
import ImageCodecs
import Imaging
import TestSupport
import Testing

/// Images from files, messages for bad files, and their replacements.
struct FolderDatasetTests {
  private func tree(_ directory: borrowing TemporaryDirectory) throws -> FolderIndex {
    for (number, name) in ["a/0", "a/1", "a/2", "b/0", "b/1"].enumerated() {
      try FolderTrees.write(FolderTrees.image(number), to: directory.file("\(name).png"))
    }
    return try FolderScan(root: directory.path).index
  }

  private func settings(isReplacing: Bool = false) -> FolderDataset.Settings {
    var settings = FolderDataset.Settings(
      normalization: ChannelNormalization(mean: [0.5, 0.5, 0.5], standardDeviation: [0.2, 0.2, 0.2]),
      viewSize: ImageSize(width: 8, height: 8))
    settings.isReplacingBad = isReplacing
    return settings
  }

  @Test func `images and labels`() throws {
    let directory = try TemporaryDirectory()
    let dataset = FolderDataset(try tree(directory), settings())
    #expect(dataset.count == 5 && dataset.classNames == ["a", "b"])
    for number in 0..<5 {
      #expect(try dataset.image(at: number) == FolderTrees.image(number))
      #expect(dataset.label(at: number) == (number < 3 ? 0 : 1))
    }
  }

  @Test func `a bad file is named`() throws {
    let directory = try TemporaryDirectory()
    let dataset = FolderDataset(try tree(directory), settings())
    try writeBytes(Array("no image".utf8), to: directory.file("a/1.png"))
    let damaged = try #require(throws: FileError.self) { try dataset.image(at: 1) }
    #expect(damaged.kind == .content)
    #expect(damaged.description.contains(directory.file("a/1.png")) && damaged.description.contains("JPEG, PNG"))
    try removeFile(directory.file("b/0.png"))
    let missing = try #require(throws: FileError.self) { try dataset.image(at: 3) }
    #expect(missing.kind == .missing && missing.description.contains("b/0.png"))
    try writeBytes([], to: directory.file("b/1.png"))
    let empty = try #require(throws: FileError.self) { try dataset.image(at: 4) }
    #expect(empty.description.contains("b/1.png: is empty"))
  }

  @Test func `a file larger than any image is not read`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("film.png")
    try writeBytes([], to: path)
    // A hole: no disk is used.
    try #require(unsafe truncate(path, 3 << 30) == 0)
    let error = #expect(throws: FileError.self) { try ReadOnlyFile(path: path).imageBytes() }
    #expect(error?.kind == .content)
    #expect(error?.description == "\(path): has 3221225472 bytes, more than the limit of 2147483648")
  }

  @Test func `the next file of the class stands in`() throws {
    let directory = try TemporaryDirectory()
    let dataset = FolderDataset(try tree(directory), settings(isReplacing: true))
    try writeBytes([1, 2, 3], to: directory.file("a/1.png"))
    try removeFile(directory.file("a/2.png"))
    // From the class's beginning again behind its end.
    for number in 0...2 {
      #expect(try dataset.image(at: number) == FolderTrees.image(0))
    }
    #expect(dataset.takeReplaced().map(\.path) == ["a/1.png", "a/2.png"])
    #expect(dataset.takeReplaced().isEmpty)
    #expect(try dataset.image(at: 4) == FolderTrees.image(4))
    // When none is left, the first is named.
    try removeFile(directory.file("a/0.png"))
    let error = try #require(throws: FileError.self) { try dataset.image(at: 1) }
    #expect(error.description.contains("a/1.png"))
  }

  @Test func `a name says nothing of what a file is`() throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("a/image.jpg"))
    #expect(try FolderScan(root: directory.path).index.image(at: 0) == FolderTrees.image(1))
  }

  // MARK: - Surveys

  @Test func `mean and deviation are over all pixels, however they are dealt out`() throws {
    let directory = try TemporaryDirectory()
    let images = (0..<7).map { number in FolderTrees.image(number, width: 5 + number % 2, height: 3) }
    for (number, image) in images.enumerated() {
      try FolderTrees.write(image, to: directory.file("a/\(number).png"))
    }
    try FolderTrees.write([9], to: directory.file("a/bad.png"))
    let index = try FolderScan(root: directory.path).index
    func survey(_ files: Range<Int>, threads: Int) -> ImageSurvey {
      ImageSurvey(
        of: files, threads: threads, image: { (number) throws(FileError) in try index.image(at: number) },
        path: { number in String(decoding: index.relativePath(at: number), as: UTF8.self) })
    }
    let whole = survey(0..<8, threads: 1)
    #expect(survey(0..<8, threads: 3) == whole)
    var parts = survey(0..<3, threads: 2)
    parts.add(survey(3..<8, threads: 1))
    #expect(parts == whole)

    let normalization = try #require(whole.normalization)
    for channel in 0..<3 {
      let samples = images.flatMap { image in
        stride(from: channel, to: image.samples.count, by: 3).map { place in Double(image.samples[place]) / 255 }
      }
      let mean = samples.reduce(0, +) / Double(samples.count)
      let variance =
        samples.reduce(0) { sum, sample in sum + (sample - mean) * (sample - mean) } / Double(samples.count)
      #expect(abs(Double(normalization.mean[channel]) - mean) < 1e-6)
      #expect(abs(Double(normalization.standardDeviation[channel]) - variance.squareRoot()) < 1e-6)
    }
    #expect(whole.sizes == [ImageSize(width: 5, height: 3): 4, ImageSize(width: 6, height: 3): 3])
    #expect(whole.bad[7]?.path == "a/bad.png" && whole.bad.count == 1)
    #expect(whole.viewSize == ImageSize(width: 224, height: 224))
  }

  @Test func `sums of a large bright image are exact`() {
    var survey = ImageSurvey()
    survey.add(RGBImage(width: 1000, height: 700, samples: Array(repeating: 255, count: 2_100_000)))
    #expect(survey.sums == [178_500_000, 178_500_000, 178_500_000])
    #expect(survey.squareSums == [45_517_500_000, 45_517_500_000, 45_517_500_000])
    // One color has no deviation; a level of it stands in.
    #expect(survey.normalization?.standardDeviation == Array(repeating: Float(1) / 255, count: 3))
    var small = ImageSurvey()
    small.add(RGBImage(width: 32, height: 32, samples: Array(repeating: 1, count: 3072)))
    #expect(small.viewSize == ImageSize(width: 32, height: 32))
  }

  @Test func `a changed file changes the stamp`() throws {
    let directory = try TemporaryDirectory()
    let index = try tree(directory)
    let before = index.stamp(0..<5)
    var sum = index.stamp(0..<2)
    for (lane, part) in index.stamp(2..<5).enumerated() {
      sum[lane] += part
    }
    #expect(sum == before)
    try writeBytes(readBytes(directory.file("a/1.png")) + [0], to: directory.file("a/1.png"))
    #expect(index.stamp(0..<5) != before)
  }
}
