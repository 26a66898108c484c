import Configuration
import Datasets
import Formats
import Glibc
import ImagePacks
import MPI

/// A fingerprint of the bytes of a dataset's files, by which images replaced under their old names are noticed.
///
/// The text has four parts: hashes of the files' sizes, of their modification times and of their bytes, and the newest
/// of the times in nanoseconds. Of more than 20,000 files, so many are looked at, evenly spaced; of more than 256 MiB,
/// the beginnings of 256 files are read. Of training images, bytes are only read if a time has changed, as of a copy.
package struct DatasetContents {
  /// The fingerprint as text, the recorded one if nothing has changed but times; `nil` for datasets without files of
  /// their own.
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
    let found = try world.onRoot { try Self.examined(dataset, split, own) }
    let texts = [found?.text, found?.change].map { text in text ?? "" }
    text = try Self.filled(world.broadcast(text: texts[0]))
    change = try Self.filled(world.broadcast(text: texts[1]))
  }

  private static func filled(_ text: String) -> String? { text.isEmpty ? nil : text }

  private static func examined(
    _ dataset: any ImageDataset, _ split: Split, _ configuration: Configuration
  ) throws(FileError) -> (text: String?, change: String?) {
    if let pack = dataset as? PackedDataset { return try examined(pack, configuration) }
    let files = Files(dataset, split, configuration)
    guard files.count > 0 else { return (nil, nil) }
    let recorded = configuration.data.contents?.split(separator: "-").map(String.init) ?? []
    let states = try evenlySpaced(fileLimit, below: files.count).map { number throws(FileError) in
      try State(number, files.path(number))
    }
    let (sizes, times) = (hash(states.map(\.size)), hash(states.map(\.time)))
    if recorded.count == 4, sizes == recorded[0], times == recorded[1] { return (configuration.data.contents, nil) }
    let newest = states.map(\.time).max() ?? 0
    let text = "\(sizes)-\(times)-\(try bytes(of: states, files))-\(newest)"
    let present = text.split(separator: "-")
    guard recorded.count == 4 else { return (text, nil) }
    guard recorded[0] != present[0] || recorded[2] != present[2] else { return (configuration.data.contents, nil) }
    let newer = states.filter { state in state.time > Int64(recorded[3]) ?? .max }
    let examples = newer.prefix(3).map { state in files.name(state.number) }.joined(separator: ", ")
    let written =
      newer.isEmpty
      ? ""
      : "; \(newer.count) of \(counted(states.count, "file")) \(newer.count == 1 ? "was" : "were") written since, such as \(examples)"
    return (text, "files have other contents under the same names\(written)")
  }

  private static func examined(
    _ pack: PackedDataset, _ configuration: Configuration
  ) throws(FileError) -> (text: String?, change: String?) {
    let state = try State(0, Array((configuration.data.path ?? "").utf8))
    let text = "\(hash([state.size]))-\(hash([state.time]))-\(pack.fingerprint.prefix(16))-\(state.time)"
    guard let recorded = configuration.data.contents, recorded != text, recorded.contains(pack.fingerprint.prefix(16))
    else { return (text, nil) }
    try pack.verifyStorage()
    return (recorded, nil)
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
      time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
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
      let bytes = try file.read(isWhole ? file.byteCount : min(file.byteCount, sampledBytes), at: 0)
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
