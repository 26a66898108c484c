import Datasets
import Formats
import FoundationEssentials
import ImageCodecs
import Imaging
import ParallelLoops

/// A writer of packs: one file with the decoded images of a folder, which ``PackedDataset`` reads without decoding.
///
/// Larger images are shrunk until their shorter side has a given length.
package struct PackWriter {
  private let splits: [(split: Split, index: FolderIndex)]
  private let shorterSide: Int
  private let threads: Int

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - training: The training files.
  ///   - validation: The validation files, with the same classes.
  ///   - test: The test files, with the same classes.
  ///   - shorterSide: The length in pixels to which the shorter side of larger images is reduced.
  ///   - threads: The number of decoding threads.
  package init(
    training: FolderIndex, validation: FolderIndex?, test: FolderIndex? = nil, shorterSide: Int, threads: Int
  ) {
    precondition(shorterSide > 0, "a shorter side of \(shorterSide)")
    precondition(
      [validation, test].allSatisfy { part in part.map { $0.classFolders == training.classFolders } ?? true },
      "the parts have different classes")
    let others: [(split: Split, index: FolderIndex?)] = [(.validation, validation), (.test, test)]
    splits =
      [(.train, training)] + others.compactMap { split, index in index.map { index in (split: split, index: index) } }
    self.shorterSide = shorterSide
    self.threads = max(threads, 1)
  }

  /// The total number of images.
  package var count: Int { splits.reduce(0) { sum, part in sum + part.index.count } }

  /// Writes the pack atomically.
  ///
  /// - Parameters:
  ///   - path: The path of the pack.
  ///   - progress: Called with the number of images written so far.
  ///   - measured: Called once per image when its size was read, from any thread; all sizes are read before the first
  ///     image is written.
  /// - Throws: ``FileError`` naming the image or the pack.
  package func write(
    to path: String, progress: (Int) -> Void = { _ in }, measured: @Sendable () -> Void = {}
  ) throws(FileError) {
    let parts = try splits.map { part throws(FileError) in
      try Part(part.split, part.index, shorterSide, threads, measured)
    }
    let classes = splits[0].index.classNames
    guard let list = try? JSONEncoder().encode(classes) else { preconditionFailure("names that are no JSON") }
    let metadata = [
      "format": PackFormat.name, "version": PackFormat.version, "classes": String(decoding: list, as: UTF8.self),
      "shorter_side": "\(shorterSide)",
    ]
    var survey = ImageSurvey()
    var done = 0
    try SafetensorsWriter.write(to: path, metadata: metadata, tensors: Self.tensors(parts)) {
      (append) throws(FileError) in
      for part in parts {
        unsafe try append(part.offsets.span.bytes)
        unsafe try append(part.nameOffsets.span.bytes)
      }
      for part in parts {
        unsafe try append(part.sizes.span.bytes)
        unsafe try append(part.labels.span.bytes)
      }
      for part in parts {
        unsafe try append(part.names.span.bytes)
        try part.forEachImage(threads) { (image) throws(FileError) in
          unsafe try append(image.samples.span.bytes)
          if part.split == .train {
            survey.add(image)
          }
          done += 1
          progress(done)
        }
      }
      let padding = [UInt8](repeating: 0, count: Self.paddingCount(parts))
      unsafe try append(padding.span.bytes)
      let statistics = [survey.pixelCount] + survey.sums + survey.squareSums
      unsafe try append(statistics.span.bytes)
    }
  }

  private static func paddingCount(_ parts: [Part]) -> Int {
    let bytes = parts.reduce(0) { sum, part in
      sum + part.names.count + Int(part.offsets.last ?? 0) + 4 * (part.sizes.count + part.labels.count)
    }
    return (8 - bytes % 8) % 8
  }

  /// Returns the tensors of all splits, in descending order of element size so that each is aligned.
  private static func tensors(_ parts: [Part]) -> [TensorDescription] {
    func tensor(_ name: String, _ type: TensorType, _ shape: Int...) -> TensorDescription {
      TensorDescription(name: name, type: type, shape: shape)
    }
    var tensors: [TensorDescription] = []
    for part in parts {
      let names = PackFormat.Names(part.split)
      tensors.append(tensor(names.offsets, .int64, part.offsets.count))
      tensors.append(tensor(names.nameOffsets, .int64, part.nameOffsets.count))
    }
    for part in parts {
      let names = PackFormat.Names(part.split)
      tensors.append(tensor(names.sizes, .int32, part.labels.count, 2))
      tensors.append(tensor(names.labels, .int32, part.labels.count))
    }
    for part in parts {
      let names = PackFormat.Names(part.split)
      tensors.append(tensor(names.names, .uint8, part.names.count))
      tensors.append(tensor(names.pixels, .uint8, Int(part.offsets.last ?? 0)))
    }
    return tensors + [
      tensor(PackFormat.padding, .uint8, paddingCount(parts)), tensor(PackFormat.statistics, .int64, 7),
    ]
  }
}

/// One split of a pack that is being written: the properties known before any image is decoded.
private struct Part {
  let split: Split
  let index: FolderIndex
  let shorterSide: Int
  private(set) var offsets: [Int64] = [0]
  private(set) var nameOffsets: [Int64] = [0]
  private(set) var sizes: [Int32] = []
  private(set) var labels: [Int32] = []
  private(set) var names: [UInt8] = []

  init(
    _ split: Split, _ index: FolderIndex, _ shorterSide: Int, _ threads: Int, _ measured: @Sendable () -> Void
  ) throws(FileError) {
    self.split = split
    self.index = index
    self.shorterSide = shorterSide
    let declared = try parallelMap(index.count, threads: threads) { (file, _) throws(FileError) in
      let size = try index.header(at: file).size
      measured()
      return size
    }
    var (end, nameEnd) = (0, 0)
    for (file, size) in declared.enumerated() {
      let size = size.withShorterSide(shorterSide)
      end += 3 * size.pixelCount
      offsets.append(Int64(end))
      let name = index.relativePath(at: file)
      nameEnd += name.count
      nameOffsets.append(Int64(nameEnd))
      names += name
      sizes += [Int32(size.height), Int32(size.width)]
      labels.append(Int32(index.label(at: file)))
    }
  }

  /// Decodes all images, in parallel, and passes them to `body` in order.
  func forEachImage(_ threads: Int, _ body: (RGBImage) throws(FileError) -> Void) throws(FileError) {
    let (index, side) = (index, shorterSide)
    let together = 16 * threads
    for first in stride(from: 0, to: index.count, by: together) {
      let files = first..<min(first + together, index.count)
      let images = try parallelMap(files.count, threads: threads) { (place, _) throws(FileError) in
        try index.image(at: first + place).resizedShorterSide(side)
      }
      for (file, image) in zip(files, images) {
        guard Int32(image.height) == sizes[2 * file], Int32(image.width) == sizes[2 * file + 1] else {
          throw FileError(
            .content, "\(String(decoding: index.path(at: file), as: UTF8.self)): changed while it was being packed")
        }
        try body(image)
      }
    }
  }
}
