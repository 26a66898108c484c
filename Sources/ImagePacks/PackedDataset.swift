import Datasets
import Formats
import FoundationEssentials
import ImageCodecs
import Imaging

/// A dataset of the decoded images in a pack that ``PackWriter`` wrote; each image is read with one system call.
///
/// Files are read with `pread`, not mapped: mapped pages would count as this process's memory, those of the page cache
/// do not.
package final class PackedDataset: ImageDataset {
  /// The names of the classes.
  package let classNames: [String]
  /// Mean and standard deviation of the pack's training images.
  package let normalization: ChannelNormalization
  /// The default height and width of views, as for a folder of the same images.
  package let viewSize: ImageSize
  /// The SHA-256 at the end of the file, which identifies the pack.
  package let fingerprint: String
  /// The image statistics of the split: sizes, and for the training split also pixel sums.
  package let survey: ImageSurvey

  private let file: ReadOnlyFile
  private let header: SafetensorsHeader
  private let pixels: Range<Int>
  private let names: Range<Int>
  private let offsets: [Int64]
  private let nameOffsets: [Int64]
  private let sizes: [Int32]
  private let labels: [Int32]

  /// Opens a pack and checks that its numbers are consistent.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - split: The split to read.
  ///   - normalization: The mean and standard deviation for the network's input; `nil` for those of the pack's training
  ///     images.
  /// - Throws: ``FileError``: `content` if the file is not a complete pack, `missing` if it does not contain the split.
  package init(path: String, split: Split, normalization: ChannelNormalization? = nil) throws(FileError) {
    file = try ReadOnlyFile(path: path)
    header = try SafetensorsHeader(of: file)
    guard header.metadata["format"] == PackFormat.name else {
      throw FileError(
        .content,
        "\(path): is a safetensors file, such as a model's weights, but no pack; expected a folder of images, or a file of supcon dataset pack"
      )
    }
    guard header.metadata["version"] == PackFormat.version else {
      throw FileError(
        .content, "\(path): is a pack of another version; write it again with this version's supcon dataset pack")
    }
    let tensors = Tensors(file, header)
    let tensorNames = PackFormat.Names(split)
    guard header.entries[tensorNames.pixels] != nil else {
      throw FileError(
        .missing,
        "\(path): has no \(split.title) images; pack a folder that has such"
          + (split == .validation ? ", or with --validation-fraction" : ""))
    }
    let labels: [Int32] = try tensors.numbers(tensorNames.labels)
    sizes = try tensors.numbers(tensorNames.sizes, count: 2 * labels.count)
    offsets = try tensors.numbers(tensorNames.offsets, count: labels.count + 1)
    nameOffsets = try tensors.numbers(tensorNames.nameOffsets, count: labels.count + 1)
    pixels = try tensors.bytes(tensorNames.pixels)
    names = try tensors.bytes(tensorNames.names)
    self.labels = labels
    classNames =
      (try? JSONDecoder().decode([String].self, from: Data((header.metadata["classes"] ?? "").utf8))) ?? []
    let statistics: [Int64] = try tensors.numbers(PackFormat.statistics, count: 7)
    let trainingSizes: [Int32] = try tensors.numbers(PackFormat.Names(.train).sizes)
    let training = ImageSurvey(
      sizes: Self.counts(trainingSizes), pixelCount: statistics[0], sums: Array(statistics[1...3]),
      squareSums: Array(statistics[4...6]), bad: [:])
    viewSize = training.viewSize
    self.normalization =
      normalization ?? training.normalization ?? ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    survey =
      split == .train
      ? training
      : ImageSurvey(
        sizes: Self.counts(sizes), pixelCount: 0, sums: [0, 0, 0], squareSums: [0, 0, 0], bad: [:])
    fingerprint = SHA256.hexadecimal(try tensors.checksum())
    guard isConsistent else {
      throw FileError(.content, "\(path): damaged: the places or classes of its images do not fit each other")
    }
  }

  /// True if all offsets, sizes and labels are consistent; checked before any of them is used.
  private var isConsistent: Bool {
    func rise(_ places: [Int64], to end: Int) -> Bool {
      places.first == 0 && places.last == Int64(end) && zip(places, places.dropFirst()).allSatisfy { $0 <= $1 }
    }
    guard rise(offsets, to: pixels.count), rise(nameOffsets, to: names.count) else { return false }
    let side = 1...Int64(ImageHeader.pixelLimit)
    return labels.indices.allSatisfy { index in
      let (height, width) = (Int64(sizes[2 * index]), Int64(sizes[2 * index + 1]))
      return side.contains(height) && side.contains(width)
        && offsets[index + 1] - offsets[index] == 3 * height * width && classNames.indices.contains(Int(labels[index]))
    }
  }

  private static func counts(_ sizes: [Int32]) -> [ImageSize: Int] {
    stride(from: 0, to: sizes.count - 1, by: 2).reduce(into: [:]) { counts, index in
      counts[ImageSize(width: Int(sizes[index + 1]), height: Int(sizes[index])), default: 0] += 1
    }
  }

  /// The size of the pack in bytes.
  package var byteCount: Int { file.byteCount }

  /// The number of images.
  package var count: Int { labels.count }

  /// Returns the class index of one image.
  package func label(at index: Int) -> Int { Int(labels[index]) }

  /// Reads one image.
  ///
  /// - Throws: ``FileError`` if the file cannot be read.
  package func image(at index: Int) throws(FileError) -> RGBImage {
    let (start, end) = (Int(offsets[index]), Int(offsets[index + 1]))
    return RGBImage(
      width: Int(sizes[2 * index + 1]), height: Int(sizes[2 * index]),
      samples: try file.read(end - start, at: pixels.lowerBound + start))
  }

  package var storedSurvey: ImageSurvey? { survey }
  package var verifiableByteCount: Int { byteCount }

  /// Returns the path that the image had in the packed folder; its index if the pack cannot be read.
  package func name(at index: Int) -> String {
    (try? path(at: index)) ?? "image \(index)"
  }

  /// Returns the path that the image had in the packed folder.
  ///
  /// - Throws: ``FileError`` if the file cannot be read.
  package func path(at index: Int) throws(FileError) -> String {
    let (start, end) = (Int(nameOffsets[index]), Int(nameOffsets[index + 1]))
    return String(decoding: try file.read(end - start, at: names.lowerBound + start), as: UTF8.self)
  }

  /// Reads the whole file and verifies the checksum at its end.
  ///
  /// - Throws: ``FileError`` of kind `content` if the checksum does not match.
  package func verifyStorage(progress: (_ bytes: Int) -> Void = { _ in }) throws(FileError) {
    try header.verifyChecksum(of: file, progress: progress)
  }
}

/// A reader of a pack's tensors from the file.
private struct Tensors {
  let file: ReadOnlyFile
  let header: SafetensorsHeader

  init(_ file: ReadOnlyFile, _ header: SafetensorsHeader) {
    self.file = file
    self.header = header
  }

  /// Returns the byte range of a tensor of bytes in the file.
  func bytes(_ name: String) throws(FileError) -> Range<Int> {
    guard let entry = header.entries[name], entry.type == .uint8 else { throw missing(name) }
    return entry.range
  }

  /// Reads a tensor of integers.
  func numbers<Number: FixedWidthInteger & BitwiseCopyable>(
    _ name: String, count: Int? = nil
  ) throws(FileError) -> [Number] {
    let type: TensorType = Number.bitWidth == 64 ? .int64 : .int32
    let size = MemoryLayout<Number>.size
    guard let entry = header.entries[name], entry.type == type,
      count.map({ count in entry.range.count == count * size }) ?? true
    else { throw missing(name) }
    let bytes = try file.read(entry.range.count, at: entry.range.lowerBound)
    return unsafe bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / size).map { index in
        unsafe bytes.loadUnaligned(fromByteOffset: size * index, as: Number.self)
      }
    }
  }

  func checksum() throws(FileError) -> [UInt8] {
    let range = try bytes(SafetensorsChecksum.name)
    return try file.read(range.count, at: range.lowerBound)
  }

  private func missing(_ name: String) -> FileError {
    FileError(.content, "\(file.path): damaged: \(name) is missing or has another shape than a pack's")
  }
}
