import Configuration
import Datasets
import Formats
import Imaging
import MPI

/// The datasets by the names of the command line.
package enum DatasetChoice {
  /// The built-in set does not depend on the run's seed: runs are compared on the same images.
  private static let shapesSeed: UInt64 = 0

  /// Opens one split.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: Which dataset.
  ///   - split: Which part of it.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Returns: The split, opened and checked.
  /// - Throws: ``CollectiveError`` naming the file.
  package static func open(
    _ configuration: Configuration, _ split: DatasetSplit, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> any ImageDataset {
    var configuration = configuration
    return split == .train
      ? try openTraining(&configuration, over: world, report: report)
      : configuration.data.dataset == .folder
        ? try openFolder(configuration, .test, over: world, report: report).dataset
        : try world.throwingTogether { try openFixed(configuration, .test, report: report) }
  }

  /// Opens the training set, and writes into the recipe what only the images could tell: their size, mean and deviation, which files
  /// they are, and how many classes a classifier tells apart.
  ///
  /// Collective.
  package static func openTraining(
    _ configuration: inout Configuration, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> any ImageDataset {
    guard configuration.data.dataset == .folder else {
      let (choice, split) = (configuration, DatasetSplit.train)
      let dataset = try world.throwingTogether { try openFixed(choice, split, report: report) }
      configuration.classifier.classes = configuration.isClassifying ? dataset.classNames.count : nil
      return dataset
    }
    let opened = try openFolder(configuration, .train, over: world, report: report)
    configuration.data.fingerprint = opened.fingerprint
    configuration.classifier.classes = configuration.isClassifying ? opened.dataset.classNames.count : nil
    configuration.data.imageSize = configuration.data.imageSize ?? opened.dataset.viewSize.width
    configuration.data.mean = opened.dataset.normalization.mean
    configuration.data.standardDeviation = opened.dataset.normalization.standardDeviation
    return opened.dataset
  }

  /// The datasets whose files have fixed names, or none.
  private static func openFixed(
    _ configuration: Configuration, _ split: DatasetSplit, report: (String) -> Void
  ) throws(FileError) -> any ImageDataset {
    guard let variant = CIFARDataset.Variant(rawValue: configuration.data.dataset.rawValue) else {
      return ShapesDataset(
        count: split == .train ? configuration.data.shapesTrain : configuration.data.shapesTest, seed: shapesSeed, split: split)
    }
    let dataset = try CIFARDataset(variant, directory: configuration.data.path ?? ".", split: split)
    for text in dataset.notes {
      report("note: \(text)")
    }
    return dataset
  }

  private static func openFolder(
    _ configuration: Configuration, _ split: DatasetSplit, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> (dataset: any ImageDataset, fingerprint: String) {
    let path = configuration.data.path ?? "."
    let given = configuration.data.normalization
    // Rank 0 decides what it is, and then all take it for that.
    let isPack = try world.broadcast(bytes: [FolderSplits.isFile(path) ? 1 : 0]) == [1]
    if isPack {
      let pack = try world.throwingTogether { () throws -> PackedDataset in
        if configuration.data.validationFraction != nil {
          throw RunError(.usage, "--validation-fraction: \(path) is a pack and was divided when it was made")
        }
        return try PackedDataset(path: path, split: split, normalization: given)
      }
      try world.throwingTogether { try checkClasses(pack, path) }
      return (pack, pack.fingerprint)
    }

    let folder = DatasetFolder(configuration)
    let listing = try folder.listing(split, over: world)
    for note in listing.notes {
      report("note: \(note)")
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
    let dataset = FolderDataset(index, settings)
    try world.throwingTogether { try checkClasses(dataset, index.root) }
    return (dataset, index.fingerprint)
  }

  /// Checks that there is something to contrast.
  private static func checkClasses(_ dataset: any ImageDataset, _ path: String) throws(RunError) {
    guard dataset.classNames.count > 1 else {
      throw RunError(
        .data,
        "\(path): has one class, \(dataset.classNames.joined()); expected at least two, as training tells images of different classes apart"
      )
    }
  }
}
