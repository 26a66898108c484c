import Datasets
import Formats
import FoundationEssentials
import Imaging

/// The statistics of a folder's images, computed by decoding each once and stored in the folder as
/// `supcon-dataset.json`.
package struct FolderDescription: Codable, Equatable {
  /// The statistics of one split.
  package struct Part: Codable, Equatable {
    /// The number of images of one size, with the size in pixels.
    package struct SizeCount: Codable, Equatable {
      package var width: Int
      package var height: Int
      package var images: Int
    }

    /// A file that cannot be decoded.
    package struct Bad: Codable, Equatable {
      /// The file's index in the list of files.
      var number: Int
      var path: String
      package var reason: String
      /// True if the file does not exist.
      private var missing: Bool
      private var unreadable: Bool

      private enum CodingKeys: String, CodingKey {
        case number
        case path = "file"
        case reason, missing, unreadable
      }

      /// Creates the entry for a file that cannot be decoded.
      package init(number: Int, _ file: BadFile) {
        (self.number, path, reason) = (number, file.path, file.reason)
        (missing, unreadable) = (file.kind == .missing, file.kind == .inputOutput)
      }

      /// The file, without its number.
      var file: BadFile {
        BadFile(path: path, reason: reason, kind: missing ? .missing : unreadable ? .inputOutput : .content)
      }
    }

    /// The SHA-256 of all file names in order.
    var fingerprint: String
    /// A checksum that changes when any file's size or modification time changes.
    var stamp: [Int64]
    /// The number of files of each class, by class name.
    var classes: [String: Int]
    var files: Int
    var pixels: Int64
    /// The mean of each channel over all pixels, on a scale from 0 to 1; `nil` without pixels.
    package var mean: [Float]?
    package var standardDeviation: [Float]?
    /// The default height and width of views in pixels.
    package var imageSize: Int
    /// The most frequent image sizes.
    package var sizes: [SizeCount]
    package var differentSizes: Int
    package var smallest: SizeCount?
    package var largest: SizeCount?
    package var contrast: ContrastCounts
    package var bad: [Bad]

    package enum CodingKeys: String, CodingKey {
      case fingerprint, stamp, classes, files, pixels, mean
      case standardDeviation = "standard_deviation"
      case imageSize = "image_size"
      case sizes
      case differentSizes = "different_sizes"
      case smallest, largest, contrast, bad
    }
  }

  /// The largest number of sizes that are stored.
  static let sizesListed = 10

  /// The version of the format; 2 added ``Part/contrast``.
  static let currentVersion = 2

  var version = currentVersion
  var train: Part?
  var validation: Part?
  var test: Part?

  /// Creates a description without any split.
  package init() {}

  /// Reads the description in a folder; empty if the file is missing, damaged or of another format version.
  package init(folder: String) {
    self.init()
    guard let bytes = try? ReadOnlyFile(path: "\(folder)/\(FolderScan.descriptionFile)").contents(),
      let found = try? JSONDecoder().decode(FolderDescription.self, from: Data(bytes)), found.version == version
    else { return }
    self = found
  }

  /// Writes the description into a folder.
  func write(to folder: String) throws(FileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a description that is no JSON") }
    try AtomicFile.write(String(decoding: data, as: UTF8.self) + "\n", to: "\(folder)/\(FolderScan.descriptionFile)")
  }

  /// The statistics of a split; `nil` if they are not known.
  subscript(split: Split) -> Part? {
    get {
      switch split {
      case .train: train
      case .validation: validation
      case .test: test
      }
    }
    set {
      switch split {
      case .train: train = newValue
      case .validation: validation = newValue
      case .test: test = newValue
      }
    }
  }
}

extension FolderDescription.Part {
  /// Creates the statistics of a split from a survey of all its files.
  package init(_ index: FolderIndex, stamp: [Int64], _ survey: ImageSurvey) {
    let sorted = survey.sizes.map { size, count in
      SizeCount(width: size.width, height: size.height, images: count)
    }.sorted { first, second in
      (second.images, first.width, first.height) < (first.images, second.width, second.height)
    }
    func extreme(_ isBefore: (SizeCount, SizeCount) -> Bool) -> SizeCount? { sorted.min(by: isBefore) }
    let names = index.classNames
    self.init(
      fingerprint: index.fingerprint, stamp: stamp,
      // Two names that are not valid UTF-8 may decode to the same text.
      classes: Dictionary(
        names.indices.map { label in (names[label], index.files(ofClass: label).count) }, uniquingKeysWith: +),
      files: index.count, pixels: survey.pixelCount, mean: survey.normalization?.mean,
      standardDeviation: survey.normalization?.standardDeviation, imageSize: survey.viewSize.width,
      sizes: Array(sorted.prefix(FolderDescription.sizesListed)), differentSizes: sorted.count,
      smallest: extreme { one, other in one.width * one.height < other.width * other.height },
      largest: extreme { one, other in one.width * one.height > other.width * other.height },
      contrast: survey.contrast,
      bad: survey.bad.sorted { one, other in one.key < other.key }.map { number, file in Bad(number: number, file) })
  }

  /// Returns the split's summary, without the files that cannot be decoded.
  package func summary(_ split: Split, _ classes: [(name: String, count: Int)]) -> DatasetSummary.Part {
    let survey = ImageSurvey(
      sizes: [:], pixelCount: 0, sums: [0, 0, 0], squareSums: [0, 0, 0], contrast: contrast, bad: [:])
    return DatasetSummary.Part(
      split, classNames: classes.map(\.name), counts: classes.map(\.count), survey: survey)
  }

  /// The mean and standard deviation of the images; `nil` if unknown.
  package var normalization: ChannelNormalization? {
    guard let mean, let standardDeviation, mean.count == 3, standardDeviation.count == 3 else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: standardDeviation)
  }
}
