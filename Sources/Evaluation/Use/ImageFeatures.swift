import Configuration
import Datasets
import Glibc
import Inference
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
    /// The paths of the files in the range, for output: bytes that are not UTF-8 are replacement characters.
    package let paths: [String]
    /// The paths of the files as bytes, by which they are opened.
    package let files: [[UInt8]]
    /// The representations of the files; the rows of files that cannot be decoded are meaningless.
    package let rows: FeatureRows
    /// The error messages of the files that cannot be decoded, by index in ``paths``.
    package let bad: [Int: String]
    /// The counts of images without contrast among the files that can be decoded.
    package let contrast: ContrastCounts
  }

  /// The paths of all files as bytes, in order.
  private let files: [[UInt8]]
  /// The error messages of links and folders that cannot be listed, by index in ``files``; empty on other ranks than
  /// rank 0.
  private let problems: [Int: String]
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
  ///   - report: Receives notes about files that are passed over, on rank 0.
  /// - Throws: ``CollectiveError`` if there are no files or none of them exists, or if the run does not record the
  ///   mean, standard deviation and size of its images.
  package init(
    _ images: [String], _ encoder: FrozenEncoder, run: String, threads: Int, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    let preprocessing = try ImagePreprocessing.known(encoder.configuration, run: run)
    self.preprocessing = preprocessing
    let listing = try world.onRoot { try Self.list(images, report) }
    // No path contains a zero byte.
    let separator: [UInt8] = [0]
    let bytes = try world.broadcast(bytes: Array((listing?.paths ?? []).joined(separator: separator)))
    files = bytes.split(separator: 0).map { path in Array(path) }
    problems = listing?.problems ?? [:]
    guard !files.isEmpty else {
      throw CollectiveError(error: RunError(.missing, "\(images.joined(separator: ", ")): no image files found"))
    }
    let blockSize = files.count <= Self.fewFiles ? 1 : FeatureExtraction.usualBlockSize
    extraction = try world.throwingTogether {
      try FeatureExtraction(
        encoder.configuration, encoder.state, viewSize: preprocessing.viewSize, threads: threads,
        samplesPerBlock: blockSize)
    }
    filesPerPart = FeatureExtraction.samplesPerPart(threads: threads, ranks: world.size)
  }

  /// Returns the paths of all files, and reports what is passed over, on rank 0.
  ///
  /// - Throws: ``RunError`` if none of the files exists; if some do, missing files are reported later and the others
  ///   are used.
  private static func list(_ images: [String], _ report: Reporter) throws -> ImageFiles.Listing {
    let listing = try ImageFiles.expand(images)
    for note in listing.notes {
      report.note(note)
    }
    let paths = listing.paths
    func isMissing(_ path: [UInt8]) -> Bool {
      let terminated = path.map(CChar.init(bitPattern:)) + [0]
      return unsafe access(terminated, F_OK) != 0
    }
    guard listing.problems.isEmpty, let first = paths.first, paths.allSatisfy(isMissing) else { return listing }
    let name = String(decoding: first, as: UTF8.self)
    throw RunError(
      .missing, "\(name): does not exist" + (paths.count > 1 ? ", nor does any other of \(paths.count) images" : ""),
      remedy: ImageFiles.nameAdvice(name) ?? "check the path")
  }

  /// The number of files.
  package var count: Int { files.count }

  /// The number of elements of a representation.
  package var width: Int { extraction.width }

  /// The index of the first file of each part.
  package var parts: StrideTo<Int> { stride(from: 0, to: files.count, by: filesPerPart) }

  /// Computes the representations of one part of the files; the result is the same on every rank.
  ///
  /// Collective.
  package func part(from first: Int, over world: borrowing Communicator) throws -> Part {
    let own = Array(files[first..<min(first + filesPerPart, files.count)])
    let dataset = ImageFiles(own, preprocessing)
    let features = try extraction.features(of: extraction.makeLoader(dataset, .none, seed: 0), over: world)
    // Each file is decoded by one rank.
    var bad: [Int: String] = [:]
    var contrast = ContrastCounts()
    for findings in try world.allGather(value: dataset.findings) {
      bad.merge(findings.bad) { first, _ in first }
      contrast.add(findings.contrast)
    }
    for index in own.indices where bad[index] != nil {
      // Rank 0, which reports them, knows what is wrong with a link or folder.
      if let problem = problems[first + index] { bad[index] = problem }
    }
    return Part(
      first: first, paths: own.map { path in String(decoding: path, as: UTF8.self) }, files: own,
      rows: FeatureRows(features: features, labels: Array(repeating: 0, count: own.count), width: width), bad: bad,
      contrast: contrast)
  }
}

extension ImagePreprocessing {
  /// Reads the image preprocessing of a run from the run's files.
  ///
  /// - Throws: ``CollectiveError`` if the files do not contain mean and standard deviation.
  static func known(_ configuration: Configuration, run: String) throws(CollectiveError) -> ImagePreprocessing {
    guard let preprocessing = ImagePreprocessing(configuration, run: run) else {
      throw CollectiveError(error: missing(in: run))
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
