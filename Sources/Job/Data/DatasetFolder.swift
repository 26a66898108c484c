import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging
import MPI

/// A folder of images, the same on every rank: rank 0 lists it, all decode it.
package struct DatasetFolder {
  /// The folder of `--data`.
  let path: String
  /// The share of each class's files that is kept for validation where there is no validation tree.
  var validationFraction: Double?
  /// Whether bad files are left out instead of ending the run.
  package var isSkippingBad = false
  /// How many threads of each rank decode.
  var threads = 1

  /// A folder that is told nothing more.
  package init(path: String) {
    self.path = path
  }

  /// The folder of a recipe.
  package init(_ configuration: Configuration) {
    path = configuration.data.path ?? "."
    validationFraction = configuration.data.validationFraction
    isSkippingBad = configuration.data.badImages == .skip
    threads = configuration.compute.threads
  }

  /// The files of one split.
  package struct Listing {
    /// All of them, whether they can be used or not.
    package let index: FolderIndex
    /// What could not even be listed.
    package let unlisted: [BadFile]
    /// What was passed over.
    package let notes: [String]
  }

  // MARK: - Listing

  /// Lists one split's files.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming what is missing or wrong.
  package func listing(_ split: DatasetSplit, over world: borrowing Communicator) throws -> Listing {
    world.activity.begin("listing files", allowsSilence: true)
    let found = try world.onRoot { try listing(split) }
    guard world.size > 1 else {
      guard let found else { preconditionFailure("rank 0 has no listing") }
      return found
    }
    let bytes = try world.broadcast(bytes: found?.index.encoded() ?? [])
    return found ?? Listing(index: FolderIndex(decoding: bytes), unlisted: [], notes: [])
  }

  private func listing(_ split: DatasetSplit) throws -> Listing {
    let splits = FolderSplits(of: path)
    if validationFraction != nil, let validation = splits.validation {
      throw RunError(
        .usage, "--validation-fraction: \(validation) has the images to validate with; leave the option out")
    }
    if split == .test, let validation = splits.validation {
      let classes = try FolderScan.classFolders(of: splits.training)
      return Self.listing(try FolderScan(root: validation, classes: classes, isSkipping: isSkippingBad)) { index in
        index
      }
    }
    if split == .test, validationFraction == nil {
      let names = FolderSplits.validationNames.map { name in "\(path)/\(name)" }.joined(separator: ", ")
      throw RunError(
        .missing,
        "\(path): has no images to validate with: expected \(names) beside \(path)/train, or --validation-fraction when the run is begun"
      )
    }
    return Self.listing(try FolderScan(root: splits.training, isSkipping: isSkippingBad)) { index in
      guard let fraction = validationFraction else { return index }
      let parts = index.divided(validationFraction: fraction)
      return split == .train ? parts.training : parts.validation
    }
  }

  private static func listing(_ scan: FolderScan, _ part: (FolderIndex) -> FolderIndex) -> Listing {
    Listing(
      index: part(scan.index), unlisted: scan.bad, notes: [scan.note].compactMap { note in note })
  }

  // MARK: - Describing

  /// What is known of a split's files: from the description beside them if it is of these very files, else from decoding each once.
  ///
  /// Collective.
  package func described(
    _ split: DatasetSplit, _ index: FolderIndex, isFresh: Bool = false, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> FolderDescription.Part {
    let stamp = try index.stamp(over: world)
    let known: FolderDescription.Part? =
      try world.onRoot {
        guard !isFresh, let part = FolderDescription(folder: path)[split], part.stamp == stamp,
          part.fingerprint == index.fingerprint
        else { return nil }
        return part
      } ?? nil
    let text = try world.broadcast(text: try known.map { part in try Self.text(part) } ?? "")
    if !text.isEmpty {
      return try JSONDecoder().decode(FolderDescription.Part.self, from: Data(text.utf8))
    }
    let survey = try ImageSurvey(
      count: index.count, title: "decoding \(index.root)", threads: threads, over: world, report: report,
      image: { (number) throws(FileError) in try index.image(at: number) },
      path: { number in String(decoding: index.relativePath(at: number), as: UTF8.self) })
    let part = FolderDescription.Part(index, stamp: stamp, survey)
    if world.isRoot {
      var description = FolderDescription(folder: path)
      description[split] = part
      do throws(FileError) {
        try description.write(to: path)
      } catch {
        report("note: \(error); the images will be decoded once again by the next run")
      }
    }
    return part
  }

  private static func text(_ part: FolderDescription.Part) throws -> String {
    String(decoding: try JSONEncoder().encode(part), as: UTF8.self)
  }

  // MARK: - Using

  /// The files of a split that can be used.
  ///
  /// - Parameters:
  ///   - listing: All files of the split.
  ///   - description: What is known of them.
  ///   - report: Receives lines for people, on rank 0.
  /// - Returns: The index without the bad ones.
  /// - Throws: ``RunError`` naming the first bad file if the run is to stop there, or a class of which nothing is left.
  package func usable(
    _ listing: Listing, _ description: FolderDescription.Part, report: (String) -> Void
  ) throws(RunError) -> FolderIndex {
    let index = listing.index
    let names = listing.unlisted.map(\.path) + description.bad.map(\.file)
    guard let first = names.first else { return index }
    guard isSkippingBad else {
      let bad = description.bad[0]
      let others =
        names.count > 1 ? " (the first of \(names.count); supcon dataset verify --data \(path) lists them)" : ""
      throw RunError(bad.exitCode, "\(bad.reason)\(others); mend it, or leave such files out with --bad-images skip")
    }
    let kept = index.filtered { [numbers = Set(description.bad.map(\.number))] number in !numbers.contains(number) }
    for label in index.classFolders.indices
    where kept.files(ofClass: label).isEmpty && !index.files(ofClass: label).isEmpty {
      throw RunError(
        .data,
        "\(index.root)/\(index.classNames[label]): none of its images can be used, for example \(first); mend some"
      )
    }
    let shown = names.prefix(10).joined(separator: ", ")
    report(
      "warning: \(index.root): left out \(names.count) bad files of \(index.count + listing.unlisted.count): \(shown)"
        + (names.count > 10 ? ", …" : "") + "; supcon dataset verify --data \(path) lists all")
    return kept
  }
}
