import Configuration
import Datasets
import Formats
import Glibc
import ImagePacks
import MPI
import Runs

/// A fingerprint of the bytes of a dataset's files, by which images replaced under their old names are noticed.
///
/// Of more than 20,000 files, so many are looked at, evenly spaced; of more than 256 MiB, the beginnings of 256 files
/// are read. Of training images, bytes are only read if a time has changed, as of a copy.
package struct DatasetContents: Codable {
  /// The text of the ``ContentsFingerprint``, the recorded one if nothing has changed but times; `nil` for datasets
  /// without files of their own.
  ///
  /// That of a pack has the hash at its end, which is computed anew only if the file was written since.
  package let text: String?
  /// The difference from the recorded fingerprint, such as `files have other contents under the same names;
  /// 2 of 60 files were written since, such as cat/1.png`; `nil` if there is none, or nothing was recorded.
  package let change: String?

  private static let fileLimit = 20_000
  private static let byteLimit = 256 << 20
  private static let sampledCount = 256
  private static let sampledBytes = 64 << 10

  /// Compares the files of a training set with the fingerprint that a configuration records.
  ///
  /// Other splits have no recorded fingerprint, and no change.
  ///
  /// Collective; rank 0 looks at the files.
  ///
  /// - Throws: ``CollectiveError`` if a file cannot be read.
  package init(
    of dataset: any ImageDataset, _ configuration: Configuration, split: Split = .train,
    over world: borrowing Communicator
  ) throws {
    world.activity.begin("looking for changed files", allowsSilence: true)
    var own = configuration
    if split != .train { own.data.contents = nil }
    self = try world.rootValue { try Self.examined(dataset, split, own) }
  }

  private init(_ text: String?, change: String? = nil) {
    self.text = text
    self.change = change
  }

  private static func examined(
    _ dataset: any ImageDataset, _ split: Split, _ configuration: Configuration
  ) throws(FileError) -> DatasetContents {
    if let pack = dataset as? PackedDataset { return try examined(pack, configuration) }
    let files = Files(dataset, split, configuration)
    guard files.count > 0 else { return DatasetContents(nil) }
    let known = configuration.data.contents.flatMap(ContentsFingerprint.init(text:))
    let states = try evenlySpaced(fileLimit, below: files.count).map { number throws(FileError) in
      try State(number, files.path(number))
    }
    let (sizes, times) = (hash(states.map(\.size)), hash(states.map(\.time)))
    if let known, sizes == known.sizes, times == known.times { return DatasetContents(known.text) }
    let present = ContentsFingerprint(
      sizes: sizes, times: times, bytes: try bytes(of: states, files), newest: states.map(\.time).max() ?? 0)
    guard let recorded = known else { return DatasetContents(present.text) }
    guard recorded.identityText != present.identityText else { return DatasetContents(recorded.text) }
    let newer = states.filter { state in state.time > recorded.newest }
    let examples = newer.prefix(3).map { state in files.name(state.number) }.joined(separator: ", ")
    let written =
      newer.isEmpty
      ? ""
      : "; \(newer.count) of \(counted(states.count, "file")) \(newer.count == 1 ? "was" : "were") written since, such as \(examples)"
    return DatasetContents(present.text, change: "files have other contents under the same names\(written)")
  }

  private static func examined(
    _ pack: PackedDataset, _ configuration: Configuration
  ) throws(FileError) -> DatasetContents {
    let state = try State(0, Array((configuration.data.path ?? "").utf8))
    let present = ContentsFingerprint(
      sizes: hash([state.size]), times: hash([state.time]), bytes: String(pack.fingerprint.prefix(16)),
      newest: state.time)
    guard let recorded = configuration.data.contents.flatMap(ContentsFingerprint.init(text:)), recorded != present,
      recorded.bytes == present.bytes
    else { return DatasetContents(present.text) }
    try pack.verifyStorage()
    return DatasetContents(recorded.text)
  }

  /// The size in bytes and the modification time in nanoseconds of a file.
  private struct State {
    let number: Int
    let size: Int64
    let time: Int64

    init(_ number: Int, _ path: [UInt8]) throws(FileError) {
      var status = stat()
      guard unsafe stat(path.map(CChar.init(bitPattern:)) + [0], &status) == 0 else {
        throw FileError(path: String(decoding: path, as: UTF8.self), action: "examine it", code: errno)
      }
      self.number = number
      size = Int64(status.st_size)
      time = ContentsFingerprint.time(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
  }

  private static func hash(_ numbers: [Int64]) -> String {
    let digest = SHA256()
    unsafe digest.update(numbers.span.bytes)
    return shortHash(digest)
  }

  /// Returns the first 16 hexadecimal digits of a hash.
  private static func shortHash(_ digest: consuming SHA256) -> String {
    String(SHA256.hexadecimal(digest.finalize()).prefix(16))
  }

  /// Returns the hash of all bytes of small datasets, and of the beginnings of some files of large ones.
  private static func bytes(of states: [State], _ files: Files) throws(FileError) -> String {
    let isWhole = states.reduce(0) { sum, state in sum + state.size } <= byteLimit
    let chosen = isWhole ? states : evenlySpaced(sampledCount, below: states.count).map { number in states[number] }
    let digest = SHA256()
    for state in chosen {
      let file = try ReadOnlyFile(pathBytes: files.path(state.number))
      let bytes = try isWhole ? file.contents() : file.start(sampledBytes)
      unsafe digest.update(bytes.span.bytes)
    }
    return shortHash(digest)
  }

  /// The files of a dataset.
  private enum Files {
    case listed(FolderIndex)
    case named([String])

    init(_ dataset: any ImageDataset, _ split: Split, _ configuration: Configuration) {
      if let folder = dataset as? FolderDataset {
        self = .listed(folder.index)
      } else if let variant = CIFARDataset.Variant(rawValue: configuration.data.dataset.rawValue) {
        let folder = configuration.data.path ?? "."
        // Validation images are held out of the training files, which have a fingerprint already.
        self = .named(split == .validation ? [] : variant.files(split).map { name in "\(folder)/\(name)" })
      } else {
        self = .named([])
      }
    }

    var count: Int {
      switch self {
      case .listed(let index): index.count
      case .named(let paths): paths.count
      }
    }

    func path(_ number: Int) -> [UInt8] {
      switch self {
      case .listed(let index): index.path(at: number)
      case .named(let paths): Array(paths[number].utf8)
      }
    }

    /// Returns a file's path as messages show it.
    func name(_ number: Int) -> String {
      switch self {
      case .listed(let index): String(decoding: index.relativePath(at: number), as: UTF8.self)
      case .named(let paths): paths[number]
      }
    }
  }
}
