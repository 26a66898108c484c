import Configuration
import Datasets
import Glibc
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The representations of the image files given to a command, computed part by part to bound the memory.
package struct ImageFeatures {
  /// A range of the image files, in order, with their representations.
  package struct Part {
    /// The index of the range's first file.
    package let first: Int
    /// The paths of the files in the range.
    package let paths: [String]
    /// The representations of the files; the rows of files that cannot be decoded are meaningless.
    package let rows: FeatureRows
    /// The error messages of the files that cannot be decoded, by index in ``paths``.
    package let bad: [Int: String]
  }

  /// The paths of all files, in order.
  package let paths: [String]
  /// The image preprocessing that the run's encoder expects.
  package let preprocessing: ImagePreprocessing
  private let extraction: FeatureExtraction
  private let filesPerPart: Int

  /// Returns the error message for an empty list of images, or `nil`.
  package static func problem(of images: [String]) -> String? {
    images.isEmpty ? "no images: give files, folders, or - for a list on the standard input" : nil
  }

  /// The largest number of files that are computed one by one; more are computed in blocks of 64, the last one padded.
  private static let fewFiles = 16

  /// Lists the files on rank 0, broadcasts the list, and compiles the encoder.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - images: Files, folders, or `-` for paths read from standard input.
  ///   - encoder: The frozen encoder.
  ///   - run: The encoder's run directory.
  ///   - threads: The number of threads of each rank.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if there are no files or none of them exists, or if the run does not record the
  ///   mean, standard deviation and size of its images.
  package init(
    _ images: [String], _ encoder: FrozenEncoder, run: String, threads: Int, over world: borrowing Communicator
  ) throws {
    let preprocessing = try ImagePreprocessing.known(encoder.configuration, run: run)
    self.preprocessing = preprocessing
    let list = try world.onRoot { try Self.list(images).joined(separator: "\0") } ?? ""
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

  /// Returns the paths of all files, on rank 0.
  ///
  /// - Throws: ``RunError`` if none of the files exists; if some do, missing files are reported later and the others
  ///   are used.
  private static func list(_ images: [String]) throws(RunError) -> [String] {
    let paths = ImageFiles.expand(images)
    guard let first = paths.first, paths.allSatisfy({ path in unsafe access(path, F_OK) != 0 }) else { return paths }
    throw RunError(
      .missing, "\(first): does not exist" + (paths.count > 1 ? ", nor does any other of \(paths.count) images" : ""),
      remedy: "check the path")
  }

  /// The number of elements of a representation.
  package var width: Int { extraction.width }

  /// The index of the first file of each part.
  package var parts: StrideTo<Int> { stride(from: 0, to: paths.count, by: filesPerPart) }

  /// Computes the representations of one part of the files; the result is the same on every rank.
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

  /// Gathers the error messages of the files that could not be decoded, from all ranks.
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

extension ImagePreprocessing {
  /// Reads the image preprocessing of a run from the run's files.
  ///
  /// - Throws: ``CollectiveError`` if the files do not contain mean and standard deviation.
  static func known(_ configuration: Configuration, run: String) throws(CollectiveError) -> ImagePreprocessing {
    guard let preprocessing = ImagePreprocessing(configuration, run: run) else {
      throw CollectiveError(
        error: RunError(
          .configuration, "\(run)/config.yaml: names no mean, std and image-size", remedy: "train again to have them"))
    }
    return preprocessing
  }
}

extension FeatureExtraction {
  /// Returns the number of samples in a part, a whole number of blocks, several for each thread of each rank.
  static func samplesPerPart(threads: Int, ranks: Int) -> Int {
    usualBlockSize * max(64, 8 * threads * ranks)
  }
}
