import Datasets
import Formats
import MPI

extension Communicator {
  /// Checks that all ranks see the same samples: each reads its own copy of the dataset.
  ///
  /// Collective. Labels and class names count whole; pictures whole up to the size of CIFAR, of larger sets 256 of them.
  ///
  /// - Parameters:
  ///   - dataset: What this rank has opened.
  ///   - recipe: Which one that is; the built-in set is the same everywhere.
  /// - Throws: ``AgreedError`` naming the ranks that see something else.
  func agreeOnSamples(of dataset: any ImageDataset, _ recipe: Recipe) throws {
    guard size > 1, let folder = recipe.data else { return }
    activity.begin("comparing the dataset")
    let own = try agreeing { try DataFingerprint(dataset) { [activity] in activity.progressed() }.text }
    let all = try allGather(text: "\(own) \(hostName())")
      .map { text in text.split(separator: " ", maxSplits: 1).map(String.init) }
    let others = all.indices.filter { rank in all[rank][0] != all[0][0] }
    guard let first = others.first else { return }
    let ranks = others.prefix(4).map { rank in "rank \(rank) on host \(all[rank][1])" }.joined(separator: ", ")
    let own0 = all[0][0].split(separator: ":")
    let other = all[first][0].split(separator: ":")
    throw AgreedError(
      error: RunError(
        .data,
        "--data \(folder): \(ranks)\(others.count > 4 ? " and \(others.count - 4) more" : "") \(others.count == 1 ? "has" : "have") "
          + "other samples (\(other[0]), digest \(other[1].prefix(12))) than rank 0 on host \(all[0][1]) "
          + "(\(own0[0]), digest \(own0[1].prefix(12))); put the same data at that path on all hosts"))
  }
}

/// What tells two datasets apart.
struct DataFingerprint {
  /// The number of samples and a digest.
  let text: String

  /// No more pixels than these are read; CIFAR has 51 million.
  private static let pixelLimit = 60_000_000
  private static let sampledCount = 256
  private static let samplesPerPiece = 64

  /// Reads a dataset.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - progressed: Called every few pictures.
  /// - Throws: `FileError` if a picture cannot be read.
  init(_ dataset: any ImageDataset, progressed: () -> Void) throws(FileError) {
    let digest = SHA256()
    let words = Array((dataset.classNames.joined(separator: "\n") + "\n").utf8)
    unsafe digest.update(words.span.bytes)
    let labels = (0..<dataset.count).map { index in Int32(dataset.label(at: index)) }
    unsafe digest.update(labels.span.bytes)
    let pixelCount = dataset.count == 0 ? 0 : dataset.count * (try dataset.image(at: 0).size.pixelCount)
    let isWhole = pixelCount <= Self.pixelLimit
    let stride = isWhole ? 1 : max(dataset.count / Self.sampledCount, 1)
    for (number, index) in Swift.stride(from: 0, to: dataset.count, by: stride).enumerated() {
      let samples = try dataset.image(at: index).samples
      unsafe digest.update(samples.span.bytes)
      if number.isMultiple(of: Self.samplesPerPiece) {
        progressed()
      }
    }
    text = "\(dataset.count):\(SHA256.hexadecimal(digest.finalize()))"
  }
}
