import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging

/// The description of a folder's images from decoding each once, stored beside them as `supcon-dataset.json`.
package struct FolderDescription: Codable, Equatable {
  /// The description of one split.
  package struct Part: Codable, Equatable {
    /// The number of images of one size in pixels.
    package struct SizeCount: Codable, Equatable {
      package var width: Int
      package var height: Int
      package var images: Int
    }

    /// A file that cannot be used.
    package struct Bad: Codable, Equatable {
      /// The file's number in the index.
      var number: Int
      var file: String
      package var reason: String
      /// True if the file does not exist.
      var missing: Bool
      var unreadable: Bool

      /// A file that cannot be used.
      package init(number: Int, file: String, reason: String, missing: Bool, unreadable: Bool) {
        self.number = number
        self.file = file
        self.reason = reason
        self.missing = missing
        self.unreadable = unreadable
      }
    }

    /// The hash of all file names in order.
    var fingerprint: String
    /// A checksum that changes with any file's length or modification time.
    var stamp: [Int64]
    /// The number of files of each class, by class name.
    var classes: [String: Int]
    var files: Int
    var pixels: Int64
    /// The channel means over all pixels, 0…1; `nil` without pixels.
    package var mean: [Float]?
    package var standardDeviation: [Float]?
    /// The default height and width of views in pixels.
    package var imageSize: Int
    /// The most frequent sizes.
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

  static let fileName = "supcon-dataset.json"
  /// The maximum number of sizes that are listed.
  static let sizesListed = 10

  /// The version of the format; 2 added ``Part/contrast``.
  static let currentVersion = 2

  var version = currentVersion
  var train: Part?
  var validation: Part?
  var test: Part?

  /// Creates an empty description.
  package init() {}

  /// Reads the description in a folder of images; empty if it is missing, damaged or of another version.
  package init(folder: String) {
    self.init()
    guard let file = try? ReadOnlyFile(path: "\(folder)/\(Self.fileName)"),
      let bytes = try? file.read(file.byteCount, at: 0),
      let found = try? JSONDecoder().decode(FolderDescription.self, from: Data(bytes)), found.version == version
    else { return }
    self = found
  }

  /// Writes the description into the folder of the images.
  func write(to folder: String) throws(FileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a description that is no JSON") }
    try AtomicFile.write(String(decoding: data, as: UTF8.self) + "\n", to: "\(folder)/\(Self.fileName)")
  }

  /// The description of a split; `nil` if there is none.
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
  /// Creates the description from a survey of all files of an index.
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
      bad: survey.bad.sorted { one, other in one.key < other.key }.map { number, file in
        Bad(
          number: number, file: file.path, reason: file.reason, missing: file.kind == .missing,
          unreadable: file.kind == .inputOutput)
      })
  }

  /// Returns the split's summary, without bad files.
  package func summary(_ split: Split, _ classes: [(name: String, count: Int)]) -> DatasetSummary.Part {
    let survey = ImageSurvey(
      sizes: [:], pixelCount: 0, sums: [0, 0, 0], squareSums: [0, 0, 0], contrast: contrast, bad: [:])
    return DatasetSummary.Part(
      split, classNames: classes.map(\.name), counts: classes.map(\.count), survey: survey)
  }

  /// Mean and standard deviation of the images.
  package var normalization: ChannelNormalization? {
    guard let mean, let standardDeviation, mean.count == 3, standardDeviation.count == 3 else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: standardDeviation)
  }
}

extension FolderDescription.Part.Bad {
  /// The exit code of a run that stops at this file.
  var exitCode: ExitStatus { missing ? .missing : unreadable ? .inputOutput : .data }
}
