import Configuration
import Datasets
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The representations of image files that a command names, computed part by part in bounded memory.
package struct ImageFeatures {
  /// Some of the files, in order, with their representations.
  package struct Part {
    /// The number of the first file.
    package let first: Int
    /// The paths of the files.
    package let paths: [String]
    /// The representations of all of them; those of files that cannot be decoded mean nothing.
    package let rows: FeatureRows
    /// The files that cannot be decoded, by their place in ``paths``, with the reasons.
    package let bad: [Int: String]
  }

  /// The paths of all files, in order.
  package let paths: [String]
  /// The preprocessing of the run's encoder.
  package let preprocessing: ImagePreprocessing
  private let extraction: FeatureExtraction
  private let filesPerPart: Int

  /// The error in a command's list of images, or `nil`.
  package static func problem(of images: [String]) -> String? {
    images.isEmpty ? "no images: give files, folders, or - for a list on the standard input" : nil
  }

  /// The largest number of files computed one by one; a block of 64 would take longer.
  private static let fewFiles = 16

  /// Lists the files on rank 0 and compiles the encoder for them.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - images: Files, folders, or `-` for paths read from standard input.
  ///   - encoder: The encoder.
  ///   - run: Its run directory.
  ///   - threads: The number of threads of each rank.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if there are no files, or if the run does not know mean, deviation and size of its images.
  package init(
    _ images: [String], _ encoder: FrozenEncoder, run: String, threads: Int, over world: borrowing Communicator
  ) throws {
    guard let preprocessing = ImagePreprocessing(encoder.configuration, run: run) else {
      throw CollectiveError(
        error: RunError(
          .configuration, "\(run)/config.yaml: names no mean, std and image-size", remedy: "train again to have them"))
    }
    self.preprocessing = preprocessing
    let list = try world.onRoot { ImageFiles.expand(images).joined(separator: "\0") } ?? ""
    paths = try world.broadcast(text: list).split(separator: "\0").map(String.init)
    guard !paths.isEmpty else {
      throw CollectiveError(error: RunError(.missing, "\(images.joined(separator: ", ")): no image files found"))
    }
    let blockSize = paths.count <= Self.fewFiles ? 1 : FeatureExtraction.usualBlockSize
    extraction = try world.throwingTogether {
      try FeatureExtraction(
        encoder.configuration, encoder.state, viewSize: preprocessing.viewSize, threads: threads,
        samplesPerBlock: blockSize)
    }
    filesPerPart = FeatureExtraction.samplesPerPart(threads: threads, ranks: world.size)
  }

  /// The number of elements of a representation.
  package var width: Int { extraction.width }

  /// The numbers of the first files of all parts.
  package var parts: StrideTo<Int> { stride(from: 0, to: paths.count, by: filesPerPart) }

  /// Computes one part, the same on every rank.
  ///
  /// Collective.
  package func part(from first: Int, over world: borrowing Communicator) throws -> Part {
    let own = Array(paths[first..<min(first + filesPerPart, paths.count)])
    let files = ImageFiles(own, preprocessing)
    let features = try extraction.features(of: extraction.makeLoader(files, .none, seed: 0), over: world)
    return Part(
      first: first, paths: own,
      rows: FeatureRows(features: features, labels: Array(repeating: 0, count: own.count), width: width),
      bad: try Self.badFiles(files, over: world))
  }

  /// Gathers the files of all ranks that could not be decoded, with their errors.
  ///
  /// Collective.
  private static func badFiles(_ files: ImageFiles, over world: borrowing Communicator) throws -> [Int: String] {
    let own = files.badFiles.map { index, reason in "\(index)\t\(reason)" }.joined(separator: "\0")
    let all = try world.allGather(text: own).flatMap { text in text.split(separator: "\0") }
    return all.reduce(into: [:]) { bad, line in
      let parts = line.split(separator: "\t", maxSplits: 1)
      if let index = Int(parts[0]) {
        bad[index] = String(parts[1])
      }
    }
  }
}

extension FeatureExtraction {
  /// The number of samples computed before their rows are written: whole blocks, some for each thread of each rank.
  static func samplesPerPart(threads: Int, ranks: Int) -> Int {
    usualBlockSize * max(64, 8 * threads * ranks)
  }
}
