import Configuration
import Datasets
import Formats
import ImageCodecs
import MPI

/// The message by which ranks exchange an image survey.
private struct SurveyMessage: Codable {
  /// The number of images of each size, as triples of width, height and count.
  var sizes: [[Int]]
  var pixelCount: Int64
  var sums: [Int64]
  var squareSums: [Int64]
  var contrast: ContrastCounts
  var bad: [FolderDescription.Part.Bad]

  init(_ survey: ImageSurvey) {
    sizes = survey.sizes.map { size, count in [size.width, size.height, count] }
    pixelCount = survey.pixelCount
    sums = survey.sums
    squareSums = survey.squareSums
    contrast = survey.contrast
    bad = survey.bad.map { number, file in FolderDescription.Part.Bad(number: number, file) }
  }

  var survey: ImageSurvey {
    let counts = sizes.map { size in (ImageSize(width: size[0], height: size[1]), size[2]) }
    let files = bad.map { bad in (bad.number, bad.file) }
    return ImageSurvey(
      sizes: Dictionary(uniqueKeysWithValues: counts), pixelCount: pixelCount, sums: sums, squareSums: squareSums,
      contrast: contrast, bad: Dictionary(uniqueKeysWithValues: files))
  }
}

extension ImageSurvey {
  /// Decodes all images once, divided among ranks and threads; the resulting statistics are the same on every rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - count: The number of images.
  ///   - title: The title of the progress line.
  ///   - threads: The number of threads of each rank.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  ///   - image: Decodes the image with an index.
  ///   - path: Returns the path of an image that cannot be decoded.
  /// - Throws: `MPIError` if the ranks cannot exchange their results.
  package init(
    count: Int, title: String, threads: Int, over world: borrowing Communicator, report: Reporter,
    image: @Sendable (Int) throws(FileError) -> RGBImage, path: @Sendable (Int) -> String
  ) throws {
    let own = BlockPartition(total: count, parts: world.size)[world.rank]
    // Progress is estimated from that of rank 0.
    let ranks = world.size
    let progress = ProgressLine(title, total: count, activity: world.activity, report: world.isRoot ? report : nil)
    let survey = ImageSurvey(of: own, threads: threads, image: image, path: path) { done, bad in
      progress.update(min(done * ranks, count), bad: bad)
    }
    progress.finish()
    self.init()
    for message in try world.allGather(value: SurveyMessage(survey)) {
      add(message.survey)
    }
  }
}

extension FolderIndex {
  /// Computes a checksum that changes when any file's size or modification time changes; each rank reads a part of the
  /// files.
  ///
  /// Collective.
  func stamp(over world: borrowing Communicator) throws -> [Int64] {
    var sums = stamp(BlockPartition(total: count, parts: world.size)[world.rank])
    try world.allReduceSum(&sums)
    return sums
  }
}
