import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging

/// What is known of a folder's images from decoding them once: `supcon-dataset.json` beside them.
package struct FolderDescription: Codable, Equatable {
  /// What is known of the images of one split.
  package struct Part: Codable, Equatable {
    /// How many images there are of a size.
    package struct SizeCount: Codable, Equatable {
      package var width: Int
      package var height: Int
      package var images: Int
    }

    /// A file that cannot be used.
    package struct Bad: Codable, Equatable {
      /// Its place in the index.
      var number: Int
      var file: String
      package var reason: String
      /// Whether it is not there at all; whether it could not be read.
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

    /// The hash of all names in their order.
    var fingerprint: String
    /// A number that changes with any file's length or time.
    var stamp: [Int64]
    /// The files of each class by its name.
    var classes: [String: Int]
    var files: Int
    var pixels: Int64
    /// Over all pixels, 0…1; absent if there is none.
    package var mean: [Float]?
    package var standardDeviation: [Float]?
    /// Height and width of views unless the user says otherwise.
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
  /// How many sizes are listed.
  static let sizesListed = 10

  /// The version of this form; 2 has ``Part/contrast``.
  static let currentVersion = 2

  var version = currentVersion
  var train: Part?
  var validation: Part?
  var test: Part?

  /// Nothing known.
  package init() {}

  /// Reads what stands beside the images; nothing known if that cannot be read.
  package init(folder: String) {
    self.init()
    guard let file = try? ReadOnlyFile(path: "\(folder)/\(Self.fileName)"),
      let bytes = try? file.read(file.byteCount, at: 0),
      let found = try? JSONDecoder().decode(FolderDescription.self, from: Data(bytes)), found.version == version
    else { return }
    self = found
  }

  /// Writes it beside the images.
  func write(to folder: String) throws(FileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a description that is no JSON") }
    try AtomicFile.write(String(decoding: data, as: UTF8.self) + "\n", to: "\(folder)/\(Self.fileName)")
  }

  /// What is known of a split.
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
  /// What a survey of all files of an index found.
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
      // Two names that are not UTF-8 may look the same.
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

  /// The split's summary; bad files are listed elsewhere.
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
  /// With which code a run ends that stops at this file.
  var exitCode: ExitStatus { missing ? .missing : unreadable ? .inputOutput : .data }
}
