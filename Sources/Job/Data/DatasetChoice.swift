import Configuration
import Datasets
import Formats
import ImageCodecs
import ImagePacks
import Imaging
import MPI

/// Functions that open the dataset named by a configuration.
package enum DatasetChoice {
  /// The seed of the built-in dataset, independent of the run's seed so that all runs are compared on the same images.
  private static let shapesSeed: UInt64 = 0

  /// Opens one split of the configured dataset.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The options that choose the dataset.
  ///   - split: The split; `test` opens the validation images of a folder or pack without test images.
  ///   - needsLabels: True to refuse images of a single class.
  ///   - allowsFallback: True to open the validation images of a pack for `test` if it has no test images.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The opened and checked split.
  /// - Throws: ``CollectiveError`` naming the faulty file.
  package static func open(
    _ configuration: Configuration, _ split: Split, needsLabels: Bool = true, allowsFallback: Bool = true,
    over world: borrowing Communicator, report: Reporter
  ) throws -> any ImageDataset {
    try openSplit(
      configuration, split, needsLabels: needsLabels, allowsFallback: allowsFallback, over: world, report: report
    ).dataset
  }

  /// Samples of a dataset, and the split that they come from.
  package struct OpenedSplit {
    /// The samples.
    package let dataset: any ImageDataset
    /// The split of the samples: validation if test was asked for and there are no test images.
    package let split: Split
    /// The hash of file and class names; `nil` for datasets whose files have fixed names.
    package let fingerprint: String?
  }

  /// Opens one split as ``open(_:_:needsLabels:allowsFallback:over:report:)`` does, and tells which one it is.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming the faulty file.
  package static func openSplit(
    _ configuration: Configuration, _ split: Split, needsLabels: Bool = true, allowsFallback: Bool = true,
    over world: borrowing Communicator, report: Reporter
  ) throws -> OpenedSplit {
    let opened =
      if configuration.data.dataset == .folder {
        try openFolder(configuration, split, allowsFallback: allowsFallback, over: world, report: report)
      } else {
        OpenedSplit(
          dataset: try world.throwingTogether { try openFixed(configuration, split, report: report) }, split: split,
          fingerprint: nil)
      }
    try world.throwingTogether {
      guard opened.dataset.count > 0 else { throw nothingHeldOut(configuration) }
      if needsLabels { try checkClasses(opened.dataset, configuration) }
    }
    return opened
  }

  /// Opens the training set and stores the properties that depend on the images in the configuration.
  ///
  /// The stored properties are image size, mean and standard deviation, the hash of the file names, and the number of
  /// classes for a classifier. In a new run, the other splits are also checked, so that a later stage does not fail on
  /// them.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming the faulty file or folder.
  package static func openTraining(
    _ configuration: inout Configuration, over world: borrowing Communicator, report: Reporter
  ) throws -> any ImageDataset {
    guard configuration.data.dataset == .folder else {
      let choice = configuration
      let dataset = try world.throwingTogether { () throws -> any ImageDataset in
        let dataset = try openFixed(choice, .train, report: report)
        guard let fraction = choice.data.validationFraction,
          HeldOutFraction.problem(fraction, ofClasses: DatasetSummary.Part(.train, dataset).counts) != nil
        else { return dataset }
        // Of the part for training the fraction is no image; without it, all samples are training samples.
        var whole = choice
        whole.data.validationFraction = nil
        let counts = DatasetSummary.Part(.train, try openFixed(whole, .train, report: .silent)).counts
        if let problem = HeldOutFraction.problem(fraction, ofClasses: counts) { throw problem }
        return dataset
      }
      configuration.classifier.classes = configuration.needsClassCount ? dataset.classNames.count : nil
      return dataset
    }
    let opened = try openFolder(configuration, .train, allowsFallback: true, over: world, report: report)
    let choice = configuration
    try world.throwingTogether { if !choice.allowsUnlabeled { try checkClasses(opened.dataset, choice) } }
    if configuration.data.fingerprint == nil {
      try checkOtherSplits(configuration, opened.dataset, over: world, report: report)
    }
    if configuration.data.fingerprint == nil, configuration.data.imageSize == nil {
      report("image size: \(opened.dataset.viewSize.width), as --image-size is not given")
    }
    configuration.data.fingerprint = opened.fingerprint
    configuration.classifier.classes = configuration.needsClassCount ? opened.dataset.classNames.count : nil
    configuration.data.imageSize = configuration.data.imageSize ?? opened.dataset.viewSize.width
    configuration.data.mean = opened.dataset.normalization.mean
    configuration.data.standardDeviation = opened.dataset.normalization.standardDeviation
    return opened.dataset
  }

  /// Lists and decodes the validation and test images of a folder, and reports the classes of all splits.
  private static func checkOtherSplits(
    _ configuration: Configuration, _ training: any ImageDataset, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    let folder = DatasetFolder(configuration)
    if training is PackedDataset {
      let others = try world.throwingTogether { try packedParts(folder.path) }
      return reportParts([DatasetSummary.Part(.train, training)] + others, training, folder.path, report)
    }
    var parts = [DatasetSummary.Part(.train, training, survey: try folder.knownSurvey(.train, over: world))]
    for split in try folder.splits(over: world) where split != .train {
      let listing = try folder.listing(split, over: world)
      if let fraction = configuration.data.validationFraction, split == .validation, listing.index.count == 0 {
        // With no image held out, the training part is the whole.
        let problem = HeldOutFraction.problem(fraction, ofClasses: parts[0].counts)
        try world.throwingTogether { if let problem { throw problem } }
      }
      for note in listing.notes {
        report.note(note)
      }
      let description = try folder.described(split, listing.index, over: world, report: report)
      let index = try world.throwingTogether { try folder.usable(listing, description, report: report) }
      let counts = index.classFolders.indices.map { label in index.files(ofClass: label).count }
      parts.append(description.summary(split, Array(zip(index.classNames, counts))))
      if world.isRoot, let known = (training as? FolderDataset)?.index,
        let warning = CopiedImages.warning(of: split, index, in: folder.place(of: index), training: known)
      {
        report.warn(warning)
      }
    }
    reportParts(parts, training, folder.path, report)
  }

  /// Returns the validation and test images of a pack, counted by class.
  private static func packedParts(_ path: String) throws(FileError) -> [DatasetSummary.Part] {
    var parts: [DatasetSummary.Part] = []
    for split in [Split.validation, .test] {
      do throws(FileError) {
        parts.append(DatasetSummary.Part(split, try PackedDataset(path: path, split: split)))
      } catch  where error.kind == .missing {
      }
    }
    return parts
  }

  /// Reports the classes of all splits, and what later stages will lack.
  private static func reportParts(
    _ parts: [DatasetSummary.Part], _ training: any ImageDataset, _ path: String, _ report: Reporter
  ) {
    for part in parts { report(part.classText) }
    for warning in DatasetSummary(parts).warnings { report.warn(warning) }
    if parts.count == 1, !training.hasLabels {
      report.warn("\(path) has no classes; linear and evaluate need images in folders of their classes")
    } else if parts.count == 1 {
      report.warn(
        "\(path) has no validation or test images; linear and evaluate will need them "
          + "(\(training is PackedDataset ? "supcon dataset pack " : "")--validation-fraction holds some of the training images out)"
      )
    }
  }

  /// Opens a dataset whose files have fixed names (CIFAR), or the built-in one, which has no files.
  private static func openFixed(
    _ configuration: Configuration, _ split: Split, report: Reporter
  ) throws(FileError) -> any ImageDataset {
    guard let fraction = configuration.data.validationFraction, split != .test else {
      guard split != .validation else {
        throw FileError(
          .missing,
          "--dataset \(configuration.data.dataset.rawValue): has no validation images; --validation-fraction holds some of the training images out"
        )
      }
      return try openWhole(configuration, split, report: report)
    }
    let parts = try openWhole(configuration, .train, report: report).heldOut(fraction: fraction)
    return split == .train ? parts.training : parts.validation
  }

  private static func openWhole(
    _ configuration: Configuration, _ split: Split, report: Reporter
  ) throws(FileError) -> any ImageDataset {
    guard let variant = CIFARDataset.Variant(rawValue: configuration.data.dataset.rawValue) else {
      return ShapesDataset(
        count: split == .train ? configuration.data.shapesTrain : configuration.data.shapesTest, seed: shapesSeed,
        split: split)
    }
    if let path = configuration.data.path, let problem = DataLocation.misspelling(path) {
      throw FileError(.missing, problem.description)
    }
    let dataset = try CIFARDataset(variant, directory: configuration.data.path ?? ".", split: split)
    for text in dataset.notes {
      report.note(text)
    }
    return dataset
  }

  private static func openFolder(
    _ configuration: Configuration, _ split: Split, allowsFallback: Bool, over world: borrowing Communicator,
    report: Reporter
  ) throws -> OpenedSplit {
    let path = configuration.data.path ?? "."
    let given = configuration.data.normalization
    // Rank 0 decides whether the path is a pack, so that all ranks take the same branch.
    if try world.rootValue({ DataPath.isPack(path) }) {
      return try world.throwingTogether { () throws -> OpenedSplit in
        func opened(_ split: Split) throws(FileError) -> OpenedSplit {
          let pack = try PackedDataset(path: path, split: split, normalization: given)
          return OpenedSplit(dataset: pack, split: split, fingerprint: pack.fingerprint)
        }
        if let problem = DataPath.fileProblem(path) { throw problem }
        if configuration.data.validationFraction != nil {
          _ = try opened(.train)
          throw RunError(.usage, "--validation-fraction: \(path) is a pack and was divided when it was made")
        }
        do throws(FileError) {
          return try opened(split)
        } catch {
          guard split == .test, allowsFallback, error.kind == .missing, DataPath.kind(path) == .file else {
            throw error
          }
          return try opened(.validation)
        }
      }
    }

    let folder = DatasetFolder(configuration)
    let listing = try folder.listing(split, over: world)
    for note in listing.notes {
      report.note(note)
    }
    var index = listing.index
    var normalization = given
    var imageSize = configuration.data.imageSize
    if normalization == nil || imageSize == nil || folder.isSkippingBad {
      let description = try folder.described(split, index, over: world, report: report)
      index = try world.throwingTogether { try folder.usable(listing, description, report: report) }
      normalization = normalization ?? description.normalization
      imageSize = imageSize ?? description.imageSize
    }
    guard let normalization, let imageSize else { preconditionFailure("an index without an image") }
    let viewSize = ImageSize(width: imageSize, height: imageSize)
    var settings = FolderDataset.Settings(normalization: normalization, viewSize: viewSize)
    settings.scaledDecoding =
      configuration.data.decoding == .scaled ? ImageSize(width: 2 * viewSize.width, height: 2 * viewSize.height) : nil
    settings.isReplacingBad = folder.isSkippingBad
    return OpenedSplit(
      dataset: FolderDataset(index, settings), split: listing.split, fingerprint: index.fingerprint)
  }

  /// Returns the error for a split without images, as left by a `--validation-fraction` that is too small.
  private static func nothingHeldOut(_ configuration: Configuration) -> RunError {
    RunError(
      .missing,
      "\(configuration.data.path ?? configuration.data.dataset.rawValue): no images are held out to test on (--validation-fraction \(plain(configuration.data.validationFraction ?? 0)))",
      remedy: "train again with a larger --validation-fraction and another --output")
  }

  /// Throws if the dataset has fewer than two classes.
  private static func checkClasses(_ dataset: any ImageDataset, _ configuration: Configuration) throws(RunError) {
    guard !dataset.hasLabels else { return }
    let path = configuration.data.path ?? configuration.data.dataset.rawValue
    let found =
      dataset.classNames == [FolderScan.unlabeledClass]
      ? "\(counted(dataset.count, "image")) without folders of classes"
      : "one class, \(dataset.classNames.joined()), with \(counted(dataset.count, "image"))"
    throw RunError(
      .data,
      "\(path): has \(found); expected at least two classes, one folder each\(FolderLayout.placeAdvice(of: path))",
      remedy: "sort the images into one folder for each class, "
        + (configuration.loss.kind == .simclr
          ? "which linear and evaluate need for any run, also one of --loss simclr; embed and report need none"
          : "or train with pretrain --loss simclr, the only one that needs no labels")
    )
  }
}

extension Configuration {
  /// True if training needs no labels, so that unlabeled images are accepted.
  var allowsUnlabeled: Bool { loss.kind == .simclr && !isClassifying }
}
