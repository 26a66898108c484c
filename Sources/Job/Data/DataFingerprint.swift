import Configuration
import Datasets
import Formats
import MPI
import Runs

extension Communicator {
  /// Checks that all ranks read the same samples, each from its own path.
  ///
  /// Collective. Ranks that open the same folder on one host are not compared with each other. For each folder, one
  /// rank reads all labels and class names, and the images: all up to the size of CIFAR, about 256 of larger datasets.
  ///
  /// - Parameters:
  ///   - dataset: The dataset that this rank has opened.
  ///   - configuration: The configuration that names the dataset; the built-in dataset is the same everywhere and is
  ///     not compared.
  /// - Throws: ``CollectiveError`` naming the ranks whose samples differ from those of rank 0.
  package func agreeOnSamples(of dataset: any ImageDataset, _ configuration: Configuration) throws {
    guard size > 1, let folder = configuration.data.path else { return }
    activity.begin("comparing the dataset")
    let folders = try allGather(value: HostFolder(host: hostName(), identity: FileIdentity(path: folder)))
    guard Set(folders).count > 1 else { return }
    let isFirst = folders.firstIndex(of: folders[rank]) == rank
    let own = try throwingTogether {
      isFirst ? try DataFingerprint(dataset) { [activity] in activity.progressed() } : nil
    }
    let texts = try allGather(text: own?.text ?? "")
    let prints = folders.map { folder in texts[folders.firstIndex(of: folder) ?? 0] }
    let others = prints.indices.filter { rank in prints[rank] != prints[0] }
    guard let first = others.first else { return }
    func name(_ rank: Int) -> String { "rank \(rank) on host \(folders[rank].host)" }
    throw CollectiveError(
      error: RunError(
        .data,
        "--data \(folder): \(others.prefix(4).map(name).joined(separator: ", "))"
          + (others.count > 4 ? " and \(others.count - 4) more have" : others.count == 1 ? " has" : " have")
          + " other samples (\(prints[first])) than \(name(0)) (\(prints[0]))",
        remedy: "put the same data at that path on all hosts"))
  }
}

/// A folder among those of several hosts.
private struct HostFolder: Codable, Hashable {
  let host: String
  /// `nil` if the folder cannot be examined.
  let identity: FileIdentity?
}

/// A hash of a dataset's labels, class names and images, by which the datasets of different ranks are compared.
struct DataFingerprint {
  /// The hash as text: the number of samples and the first 16 hexadecimal digits of a SHA-256 digest.
  let text: String

  /// The number of pixels up to which a dataset is read completely; CIFAR has 51 million.
  private static let pixelLimit = 60_000_000
  private static let sampledCount = 256
  private static let samplesPerPiece = 64

  /// Reads a dataset and computes its hash.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - progressed: Called after every few images.
  /// - Throws: `FileError` if an image cannot be read.
  init(_ dataset: any ImageDataset, progressed: () -> Void) throws(FileError) {
    let digest = SHA256()
    let words = Array((dataset.classNames.joined(separator: "\n") + "\n").utf8)
    unsafe digest.update(words.span.bytes)
    let labels = dataset.labels
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
