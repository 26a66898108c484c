import Formats
import ImageCodecs
import Imaging

/// CIFAR-10 or CIFAR-100, read from the binary version of the original archives.
///
/// A file is a sequence of records: label bytes (CIFAR-10: class; CIFAR-100: coarse class, then class), then 32×32
/// pixels as a red, a green and a blue plane.
package final class CIFARDataset: ImageDataset {
  /// CIFAR-10 or CIFAR-100.
  package enum Variant: String, Sendable {
    /// CIFAR-10, with 10 classes.
    case cifar10
    /// CIFAR-100, with 100 classes.
    case cifar100

    var title: String { self == .cifar10 ? "CIFAR-10" : "CIFAR-100" }
    var classCount: Int { self == .cifar10 ? 10 : 100 }
    var labelByteCount: Int { self == .cifar10 ? 1 : 2 }
    var recordByteCount: Int { labelByteCount + 3 * CIFARDataset.pixelCount }
    var classNamesFile: String { self == .cifar10 ? "batches.meta.txt" : "fine_label_names.txt" }

    var builtInClassNames: [String] { self == .cifar10 ? CIFARClassNames.cifar10 : CIFARClassNames.cifar100 }

    /// The names of the files of a split.
    package func files(_ split: Split) -> [String] {
      switch (self, split) {
      case (.cifar10, .train): (1...5).map { number in "data_batch_\(number).bin" }
      case (.cifar10, _): ["test_batch.bin"]
      case (.cifar100, .train): ["train.bin"]
      case (.cifar100, _): ["test.bin"]
      }
    }

    /// Returns the number of records (images) in each file of the original archive.
    func recordsPerFile(_ split: Split) -> Int {
      self == .cifar100 && split == .train ? 50_000 : 10_000
    }

    /// The mean and standard deviation that the SupCon authors' code (SupContrast) uses.
    package var normalization: ChannelNormalization {
      switch self {
      case .cifar10:
        ChannelNormalization(mean: [0.4914, 0.4822, 0.4465], standardDeviation: [0.2023, 0.1994, 0.2010])
      case .cifar100:
        ChannelNormalization(mean: [0.5071, 0.4867, 0.4408], standardDeviation: [0.2675, 0.2565, 0.2761])
      }
    }
  }

  private static let side = 32
  private static let pixelCount = side * side

  /// The class names (for CIFAR-100 the fine classes), from the archive's list or, if that is missing, the built-in
  /// one.
  package let classNames: [String]
  /// The mean and standard deviation by which the network's input is standardized.
  package let normalization: ChannelNormalization
  /// Notes for the user about unusual properties of the files.
  package let notes: [String]

  private let variant: Variant
  private let files: [ReadOnlyFile]
  /// The index of each file's first image.
  private let firstIndices: [Int]
  private let labels: [UInt8]

  /// Opens the files of one split and checks their sizes and labels.
  ///
  /// The archives have no validation files; ``HeldOutSplit`` divides the training set instead.
  ///
  /// - Precondition: `split` is `train` or `test`.
  /// - Throws: ``FileError`` naming the file.
  package init(_ variant: Variant, directory: String, split: Split) throws(FileError) {
    precondition(split != .validation, "\(variant.title) has no validation files")
    if let problem = DataPath.problem(directory) { throw problem }
    guard DataPath.kind(directory) != .missing else {
      throw FileError(
        .missing,
        "\(directory): there is no such file or folder; give --data with the folder of \(variant.title)'s binary version"
      )
    }
    self.variant = variant
    normalization = variant.normalization
    var files: [ReadOnlyFile] = []
    var firstIndices: [Int] = []
    var labels: [UInt8] = []
    var notes: [String] = []
    for name in variant.files(split) {
      let path = "\(directory)/\(name)"
      let file: ReadOnlyFile
      do throws(FileError) {
        file = try ReadOnlyFile(path: path)
      } catch {
        let all = variant.files(split)
        let files = all.count > 2 ? "\(all[0]) to \(all[all.count - 1])" : all.joined(separator: ", ")
        throw FileError(
          error.kind,
          "\(error.description); --data must name the folder of \(variant.title)'s binary version, which holds \(files)\(CIFARFiles.advice(for: directory, variant))"
        )
      }
      let standard = variant.recordsPerFile(split)
      let records = file.byteCount / variant.recordByteCount
      guard records > 0, file.byteCount.isMultiple(of: variant.recordByteCount) else {
        throw FileError(
          .content,
          "\(path): expected \(standard * variant.recordByteCount) bytes (\(standard) records of \(variant.recordByteCount)), found \(file.byteCount); is the download complete?"
        )
      }
      if records != standard {
        notes.append("\(path) holds \(records) images, not the \(standard) of \(variant.title)")
      }
      firstIndices.append(labels.count)
      labels += try Self.labels(of: file, variant)
      files.append(file)
    }
    self.files = files
    self.firstIndices = firstIndices
    self.labels = labels
    self.notes = notes
    classNames = Self.classNames(variant, directory: directory)
  }

  /// The number of images.
  package var count: Int { labels.count }
  /// The default size of views, 32×32 pixels.
  package var viewSize: ImageSize { ImageSize(width: Self.side, height: Self.side) }

  /// Returns the class index of one image.
  package func label(at index: Int) -> Int { Int(labels[index]) }

  /// Reads one image.
  package func image(at index: Int) throws(FileError) -> RGBImage {
    let fileIndex = (firstIndices.firstIndex { first in first > index } ?? files.count) - 1
    let record = index - firstIndices[fileIndex]
    let planes = try files[fileIndex].read(
      3 * Self.pixelCount, at: record * variant.recordByteCount + variant.labelByteCount)
    var samples = [UInt8](repeating: 0, count: planes.count)
    for pixel in 0..<Self.pixelCount {
      for channel in 0..<3 {
        samples[pixel * 3 + channel] = planes[channel * Self.pixelCount + pixel]
      }
    }
    return RGBImage(width: Self.side, height: Self.side, samples: samples)
  }

  /// Reads the labels, the last label byte of each record.
  private static func labels(of file: ReadOnlyFile, _ variant: Variant) throws(FileError) -> [UInt8] {
    let recordsPerRead = 340  // about 1 MB
    let records = file.byteCount / variant.recordByteCount
    var labels: [UInt8] = []
    labels.reserveCapacity(records)
    for first in stride(from: 0, to: records, by: recordsPerRead) {
      let count = min(recordsPerRead, records - first)
      let bytes = try file.read(count * variant.recordByteCount, at: first * variant.recordByteCount)
      for record in 0..<count {
        let label = bytes[record * variant.recordByteCount + variant.labelByteCount - 1]
        guard label < variant.classCount else {
          throw FileError(
            .content,
            "\(file.path): record \(first + record) has label \(label), expected 0 to \(variant.classCount - 1); is this \(variant.title)?"
          )
        }
        labels.append(label)
      }
    }
    return labels
  }

  private static func classNames(_ variant: Variant, directory: String) -> [String] {
    guard let bytes = try? ReadOnlyFile(path: "\(directory)/\(variant.classNamesFile)").start(1 << 16) else {
      return variant.builtInClassNames
    }
    let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    return names.count == variant.classCount && Set(names).count == names.count ? names : variant.builtInClassNames
  }
}
