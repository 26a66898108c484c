import Datasets
import Formats
import FoundationEssentials
import Imaging
import MPI

/// A survey on its way to other ranks.
private struct SurveyMessage: Codable {
  /// Width, height and number of images.
  var sizes: [[Int]]
  var pixelCount: Int64
  var sums: [Int64]
  var squareSums: [Int64]
  var contrast: ContrastCounts
  var bad: [FolderDescription.Part.Bad]

  package init(_ survey: ImageSurvey) {
    sizes = survey.sizes.map { size, count in [size.width, size.height, count] }
    pixelCount = survey.pixelCount
    sums = survey.sums
    squareSums = survey.squareSums
    contrast = survey.contrast
    bad = survey.bad.map { number, file in
      FolderDescription.Part.Bad(
        number: number, file: file.path, reason: file.reason, missing: file.kind == .missing,
        unreadable: file.kind == .inputOutput)
    }
  }

  var survey: ImageSurvey {
    let counts = sizes.map { size in (ImageSize(width: size[0], height: size[1]), size[2]) }
    let files = bad.map { file in
      (
        file.number,
        BadFile(
          path: file.file, reason: file.reason,
          kind: file.missing ? .missing : file.unreadable ? .inputOutput : .content)
      )
    }
    return ImageSurvey(
      sizes: Dictionary(uniqueKeysWithValues: counts), pixelCount: pixelCount, sums: sums, squareSums: squareSums,
      contrast: contrast, bad: Dictionary(uniqueKeysWithValues: files))
  }
}

extension ImageSurvey {
  /// Looks at all images once, shared out over ranks and threads; the same survey on every rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - count: How many there are.
  ///   - title: What to call it while it lasts.
  ///   - threads: How many threads of each rank take part.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  ///   - image: Decodes one.
  ///   - path: What to call one that cannot be decoded.
  /// - Throws: `MPIError` if the ranks cannot exchange what they found.
  package init(
    count: Int, title: String, threads: Int, over world: borrowing Communicator, report: @escaping (String) -> Void,
    image: @Sendable (Int) throws(FileError) -> RGBImage, path: @Sendable (Int) -> String
  ) throws {
    let own = BlockPartition(total: count, parts: world.size)[world.rank]
    // Rank 0's share stands for all.
    let ranks = world.size
    let progress = ProgressLine(title, total: count, activity: world.activity, report: world.isRoot ? report : nil)
    let survey = ImageSurvey(of: own, threads: threads, image: image, path: path) { done, bad in
      progress.update(min(done * ranks, count), bad: bad)
    }
    progress.finish()
    let data = try JSONEncoder().encode(SurveyMessage(survey))
    self.init()
    for text in try world.allGather(text: String(decoding: data, as: UTF8.self)) {
      add(try JSONDecoder().decode(SurveyMessage.self, from: Data(text.utf8)).survey)
    }
  }
}

extension FolderIndex {
  /// A number that changes when any file does, found by all ranks together.
  ///
  /// Collective.
  func stamp(over world: borrowing Communicator) throws -> [Int64] {
    var sums = stamp(BlockPartition(total: count, parts: world.size)[world.rank])
    try world.allReduceSum(&sums)
    return sums
  }
}
