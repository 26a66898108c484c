import Configuration
import Datasets
import Formats
import Glibc
import MPI
import Runs

extension Communicator {
  /// Checks that all ranks see the same samples: each reads the dataset at its own path.
  ///
  /// Collective. Ranks of a host that have the same folder need no comparison; of the others one for each folder reads it: labels and class
  /// names whole, images whole up to the size of CIFAR, of larger sets 256 of them.
  ///
  /// - Parameters:
  ///   - dataset: What this rank has opened.
  ///   - configuration: Which one that is; the built-in set is the same everywhere.
  /// - Throws: ``CollectiveError`` naming the ranks that see something else.
  package func agreeOnSamples(of dataset: any ImageDataset, _ configuration: Configuration) throws {
    guard size > 1, let folder = configuration.data.path else { return }
    activity.begin("comparing the dataset")
    let folders = try allGather(text: "\(hostName()) \(folderIdentity(folder))")
    guard Set(folders).count > 1 else { return }
    let isFirst = folders.firstIndex(of: folders[rank]) == rank
    let own = try throwingTogether {
      isFirst ? try DataFingerprint(dataset) { [activity] in activity.progressed() } : nil
    }
    let texts = try allGather(text: own?.text ?? "")
    let prints = folders.map { folder in texts[folders.firstIndex(of: folder) ?? 0] }
    let others = prints.indices.filter { rank in prints[rank] != prints[0] }
    guard let first = others.first else { return }
    func name(_ rank: Int) -> String { "rank \(rank) on host \(folders[rank].split(separator: " ")[0])" }
    throw CollectiveError(
      error: RunError(
        .data,
        "--data \(folder): \(others.prefix(4).map(name).joined(separator: ", "))"
          + (others.count > 4 ? " and \(others.count - 4) more have" : others.count == 1 ? " has" : " have")
          + " other samples (\(prints[first])) than \(name(0)) (\(prints[0]))",
        remedy: "put the same data at that path on all hosts"))
  }
}

/// What a folder is on its host, whatever path leads there.
private func folderIdentity(_ path: String) -> String {
  var status = stat()
  guard unsafe stat(path, &status) == 0 else { return "none" }
  return "\(status.st_dev):\(status.st_ino)"
}

/// What tells two datasets apart.
struct DataFingerprint {
  /// The number of samples and the beginning of a digest, for people.
  let text: String

  /// No more pixels than these are read; CIFAR has 51 million.
  private static let pixelLimit = 60_000_000
  private static let sampledCount = 256
  private static let samplesPerPiece = 64

  /// Reads a dataset.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - progressed: Called every few images.
  /// - Throws: `FileError` if an image cannot be read.
  package init(_ dataset: any ImageDataset, progressed: () -> Void) throws(FileError) {
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
    text = "\(dataset.count), digest \(SHA256.hexadecimal(digest.finalize()).prefix(16))"
  }
}
