import Configuration
import Datasets
import Formats
import ImageCodecs
import Imaging
import MPI

/// A dataset of image files, the same on every rank: rank 0 lists the files, all ranks decode them.
package struct DatasetFolder {
  /// The path given with `--data`: a folder of images, or a file that lists labels.
  let path: String
  /// The fraction of each class's files to hold out for validation, if there is no validation folder; `nil` for none.
  var validationFraction: Double?
  /// True to omit files that cannot be decoded, instead of throwing an error.
  package var isSkippingBad = false
  /// The number of decoding threads of each rank.
  var threads = 1
  /// The conversion of 16-bit gray images to 8 bits.
  var sixteenBit = SixteenBit.clip

  /// True for the data of a run, which has recorded what it was trained on.
  private let isOfRun: Bool

  /// Creates a dataset folder with default options.
  package init(path: String) {
    self.path = path
    request = FolderRequest(path: path)
    isOfRun = false
  }

  /// Creates a dataset folder from a configuration.
  package init(_ configuration: Configuration) {
    let data = configuration.data
    path = data.path ?? "."
    var request = FolderRequest(path: path)
    (request.trainFolder, request.validationFolder, request.testFolder) =
      (data.trainFolder, data.validationFolder, data.testFolder)
    self.request = request
    isOfRun = data.fingerprint != nil
    validationFraction = configuration.data.validationFraction
    isSkippingBad = configuration.data.badImages == .skip
    threads = configuration.compute.threads
    sixteenBit = configuration.data.sixteenBit ?? .clip
  }

  /// The list of the image files of one split.
  package struct Listing {
    /// All files found, including those that cannot be decoded.
    package fileprivate(set) var index: FolderIndex
    /// The split that the files belong to: validation if there are no labeled test images to list.
    package let split: Split
    /// The files and folders that could not be listed.
    package let unlisted: [BadFile]
    /// Notes for the user, for example about folders that are not used.
    package let notes: [String]
  }

  // MARK: - Listing

  /// Lists the image files of one split.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming the missing or faulty path.
  package func listing(_ split: Split, over world: borrowing Communicator) throws -> Listing {
    world.activity.begin("listing files", allowsSilence: true)
    let found = try world.onRoot { try listing(split) }
    var result: Listing
    if world.size > 1 {
      let bytes = try world.broadcast(bytes: found?.index.encoded() ?? [])
      let own = try world.broadcast(value: found?.split)
      result = found ?? Listing(index: FolderIndex(decoding: bytes), split: own, unlisted: [], notes: [])
    } else {
      guard let found else { preconditionFailure("rank 0 has no listing") }
      result = found
    }
    result.index.sixteenBit = sixteenBit
    return result
  }

  /// Returns the splits that have images, in folders of their own or held out; the same on every rank.
  ///
  /// Collective.
  package func splits(over world: borrowing Communicator) throws -> [Split] {
    try world.rootValue { () throws -> [Split] in
      if let problem = DataLocation.problem(path) { throw problem }
      let own = try DataPath.isList(path) ? LabelList(path: path).splits : FolderLayout(request).splits
      let heldOut: [Split] = validationFraction == nil || own.contains(.validation) ? [] : [.validation]
      return Split.allCases.filter((own + heldOut).contains)
    }
  }

  /// True if there are validation images in a folder of their own, or marked in a list or pack; for rank 0.
  var hasOwnValidation: Bool {
    if DataPath.isPack(path) { return true }
    return DataPath.isList(path)
      ? (try? LabelList(path: path))?.splits.contains(.validation) == true
      : (try? FolderLayout(request))?[.validation] != nil
  }

  private let request: FolderRequest

  private func listing(_ split: Split) throws -> Listing {
    if let problem = DataLocation.problem(path) { throw problem }
    guard !DataPath.isList(path) else { return try listing(split, of: LabelList(path: path)) }
    let layout = try FolderLayout(request)
    if let validation = layout[.validation] { try refuseFraction(validation.path) }
    let own = split == .test && validationFraction == nil ? layout.evaluationSplit ?? .test : split
    if own != .train, let folder = layout[own] {
      let classes = try FolderScan.classFolders(of: layout.training)
      let scan = try FolderScan(
        folder, classes: folder.isUnlabeled ? nil : classes, isSkipping: isSkippingBad)
      let fallback = own == split ? [] : ["\(path) has no test folder with labels: \(folder.path) is used"]
      return Listing(
        index: scan.index, split: own, unlisted: scan.bad, notes: fallback + [scan.note].compactMap { note in note })
    }
    guard split == .train || validationFraction != nil else {
      throw missing(split, "Add \(layout.placeOfOthers)")
    }
    let scan = try FolderScan(layout.training, isSkipping: isSkippingBad)
    let beside = layout.skippedFiles.text.map { text in "\(path): passed over \(text)" }
    let notes = layout.notes + [beside, scan.note].compactMap { note in note } + scan.nameNotes
    return Listing(
      index: part(of: scan.index, split), split: partSplit(split), unlisted: scan.bad,
      notes: split == .train ? notes : [])
  }

  private func listing(_ split: Split, of list: LabelList) throws -> Listing {
    let isValidated = list.splits.contains(.validation)
    // Earlier versions began runs with both, which go on as they were begun.
    if isValidated, !isOfRun { try refuseFraction(path) }
    let own = split == .test && !list.splits.contains(.test) ? .validation : split
    if own != .train, list.splits.contains(own) {
      return Listing(index: try list.index(own), split: own, unlisted: [], notes: [])
    }
    guard split == .train || validationFraction != nil else {
      throw missing(split, "Add lines with val or test in a third column, split")
    }
    let unused = validationFraction.flatMap { fraction in
      isValidated ? "\(path): --validation-fraction \(plain(fraction)) holds images out that are in no split" : nil
    }
    return Listing(
      index: part(of: try list.index(.train), split), split: partSplit(split), unlisted: [],
      notes: split == .train ? list.notes + [unused].compactMap { note in note } : [])
  }

  /// Throws if images are to be held out for validation although there are some at `place`.
  private func refuseFraction(_ place: String) throws(RunError) {
    guard validationFraction != nil else { return }
    throw RunError(
      .usage, "--validation-fraction: \(place) has the images to validate with", remedy: "leave the option out")
  }

  /// Returns the part of all training files that belongs to a split: for training, or held out for validation.
  private func part(of index: FolderIndex, _ split: Split) -> FolderIndex {
    guard let fraction = validationFraction else { return index }
    let parts = index.divided(validationFraction: fraction)
    return split == .train ? parts.training : parts.validation
  }

  /// Returns the split that ``part(of:_:)`` returns for a requested one.
  private func partSplit(_ split: Split) -> Split { split == .train ? .train : .validation }

  private func missing(_ split: Split, _ advice: String) -> RunError {
    RunError(
      .missing,
      "\(path): no images are held out to \(split == .test ? "test on" : "validate with"). \(advice), or begin a run with --validation-fraction 0.2, which holds some of the training images out"
    )
  }

  // MARK: - Description

  /// Returns the path that names the files of an index in messages: their folder, or the list that was given, as the
  /// root of a list's files is any folder above them.
  package func place(of index: FolderIndex) -> String { DataPath.isList(path) ? path : index.root }

  /// The folder in which the description file `supcon-dataset.json` is stored.
  private var descriptionFolder: String {
    DataPath.isList(path) ? path.parentFolder : path
  }

  /// Returns the description of a split's images: from `supcon-dataset.json` if it is up to date, else from decoding
  /// every image once.
  ///
  /// Collective.
  package func described(
    _ split: Split, _ index: FolderIndex, isFresh: Bool = false, over world: borrowing Communicator, report: Reporter
  ) throws -> FolderDescription.Part {
    // Mean and standard deviation depend on the conversion of 16-bit images, so the checksum includes it.
    let stamp = try index.stamp(over: world) + (index.sixteenBit == .clip ? [] : [1])
    let known = try world.rootValue { () -> FolderDescription.Part? in
      guard !isFresh, let part = FolderDescription(folder: descriptionFolder)[split], part.stamp == stamp,
        part.fingerprint == index.fingerprint
      else { return nil }
      return part
    }
    if let known { return known }
    let survey = try ImageSurvey(
      count: index.count, title: "decoding \(place(of: index))", threads: threads, over: world, report: report,
      image: { (number) throws(FileError) in try index.image(at: number) },
      path: { number in String(decoding: index.relativePath(at: number), as: UTF8.self) })
    let part = FolderDescription.Part(index, stamp: stamp, survey)
    if world.isRoot {
      var description = FolderDescription(folder: descriptionFolder)
      description[split] = part
      do throws(FileError) {
        try description.write(to: descriptionFolder)
      } catch {
        report.note("\(error); the images will be decoded once again by the next run")
      }
    }
    return part
  }

  /// Returns the image statistics of an existing description, which may be outdated; `nil` if there is none.
  ///
  /// Collective.
  func knownSurvey(_ split: Split, over world: borrowing Communicator) throws -> ImageSurvey? {
    try world.onRoot {
      FolderDescription(folder: descriptionFolder)[split]?.summary(split, []).survey
    } ?? nil
  }

  // MARK: - Use

  /// Returns the files of a split that can be used.
  ///
  /// - Parameters:
  ///   - listing: All files of the split.
  ///   - description: The description of the files in `listing`.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The index without files that cannot be decoded.
  /// - Throws: ``RunError`` naming the first bad file, unless bad files are omitted, or a class without any usable
  ///   training image.
  package func usable(
    _ listing: Listing, _ description: FolderDescription.Part, report: Reporter
  ) throws(RunError) -> FolderIndex {
    let index = listing.index
    let names = listing.unlisted.map(\.path) + description.bad.map(\.path)
    guard let first = names.first else { return index }
    guard isSkippingBad else {
      let bad = description.bad[0].file
      let others =
        names.count > 1
        ? " (the first of \(names.count); supcon dataset verify --data \(path.shellQuoted) lists them)" : ""
      let error = RunError(FileError(bad.kind, "\(bad.reason)\(others)"))
      throw RunError(
        error.exitCode, error.problem,
        remedy: bad.kind == .content
          ? "repair or remove it, or leave such files out with --bad-images skip"
          : "make it readable, or leave such files out with --bad-images skip")
    }
    let kept = index.filtered { [numbers = Set(description.bad.map(\.number))] number in !numbers.contains(number) }
    // A class without validation or test images is warned of, as in a folder without them.
    let canLackClass = listing.split != .train && kept.count > 0
    for label in index.classFolders.indices
    where !canLackClass && kept.files(ofClass: label).isEmpty && !index.files(ofClass: label).isEmpty {
      throw RunError(
        .data,
        index.areClassesFolders
          ? "\(index.root)/\(index.classNames[label]): none of its images can be used, for example \(first)"
          : "\(place(of: index)): none of the images of \(index.classNames[label]) can be used, for example \(first)",
        remedy: "repair or replace some")
    }
    let shown = names.prefix(10).joined(separator: ", ")
    report.warn(
      "\(place(of: index)): left out \(counted(names.count, "bad file")) of \(index.count + listing.unlisted.count): \(shown)"
        + (names.count > 10 ? ", …" : "") + "; supcon dataset verify --data \(path.shellQuoted) lists all")
    return kept
  }
}

extension Configuration {
  /// True if images are held out for validation, by an option or in a folder of their own; for rank 0.
  package var holdsImagesOut: Bool {
    data.asksForValidation || (data.dataset == .folder && DatasetFolder(self).hasOwnValidation)
  }
}
