import Datasets
import Formats
import Imaging
import MPI

/// The datasets by the names of the command line.
public enum DatasetChoice {
  /// The names.
  public static let names = ["shapes", "cifar10", "cifar100", "folder"]

  /// The built-in set does not depend on the run's seed: runs are compared on the same pictures.
  private static let shapesSeed: UInt64 = 0

  /// What is wrong with the options, or `nil`.
  static func problem(_ recipe: Recipe) -> String? {
    switch (recipe.dataset, recipe.data) {
    case ("shapes", .some): return "--data: --dataset shapes is built in and has no folder"
    case ("cifar10", nil), ("cifar100", nil):
      return "--dataset \(recipe.dataset): needs --data with the folder of its binary version"
    case ("folder", nil): return "--dataset folder: needs --data with the folder of the pictures, or a pack"
    default: return FolderOptions.problem(recipe)
    }
  }

  /// Opens one split.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - recipe: Which dataset.
  ///   - split: Which part of it.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Returns: The split, opened and checked.
  /// - Throws: ``AgreedError`` naming the file.
  public static func open(
    _ recipe: Recipe, _ split: DatasetSplit, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> any ImageDataset {
    var recipe = recipe
    return split == .train
      ? try openTraining(&recipe, over: world, report: report)
      : recipe.dataset == "folder"
        ? try openFolder(recipe, .test, over: world, report: report).dataset
        : try world.agreeing { try openFixed(recipe, .test, report: report) }
  }

  /// Opens the training set, and writes into the recipe what only the pictures could tell: their size, mean and deviation, which files
  /// they are, and how many classes a classifier tells apart.
  ///
  /// Collective.
  static func openTraining(
    _ recipe: inout Recipe, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> any ImageDataset {
    guard recipe.dataset == "folder" else {
      let (choice, split) = (recipe, DatasetSplit.train)
      let dataset = try world.agreeing { try openFixed(choice, split, report: report) }
      recipe.classes = recipe.isClassifying ? dataset.classNames.count : nil
      return dataset
    }
    let opened = try openFolder(recipe, .train, over: world, report: report)
    recipe.datasetFingerprint = opened.fingerprint
    recipe.classes = recipe.isClassifying ? opened.dataset.classNames.count : nil
    recipe.imageSize = recipe.imageSize ?? opened.dataset.viewSize.width
    recipe.mean = FolderOptions.text(opened.dataset.normalization.mean)
    recipe.std = FolderOptions.text(opened.dataset.normalization.standardDeviation)
    return opened.dataset
  }

  /// The datasets whose files have fixed names, or none.
  private static func openFixed(
    _ recipe: Recipe, _ split: DatasetSplit, report: (String) -> Void
  ) throws(FileError) -> any ImageDataset {
    guard let variant = CIFARDataset.Variant(rawValue: recipe.dataset) else {
      return ShapesDataset(
        count: split == .train ? recipe.shapesTrain : recipe.shapesTest, seed: shapesSeed, split: split)
    }
    let dataset = try CIFARDataset(variant, directory: recipe.data ?? ".", split: split)
    for text in dataset.notes {
      report("note: \(text)")
    }
    return dataset
  }

  private static func openFolder(
    _ recipe: Recipe, _ split: DatasetSplit, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws -> (dataset: any ImageDataset, fingerprint: String) {
    let path = recipe.data ?? "."
    let given = FolderOptions.normalization(recipe)
    // Rank 0 decides what it is, and then all take it for that.
    let isPack = try world.broadcast(bytes: [FolderSplits.isFile(path) ? 1 : 0]) == [1]
    if isPack {
      let pack = try world.agreeing { () throws -> PackedDataset in
        if recipe.validationFraction != nil {
          throw RunError(.usage, "--validation-fraction: \(path) is a pack and was divided when it was made")
        }
        return try PackedDataset(path: path, split: split, normalization: given)
      }
      try world.agreeing { try checkClasses(pack, path) }
      return (pack, pack.fingerprint)
    }

    let folder = DatasetFolder(recipe)
    let listing = try folder.listing(split, over: world)
    for note in listing.notes {
      report("note: \(note)")
    }
    var index = listing.index
    var normalization = given
    var imageSize = recipe.imageSize
    if normalization == nil || imageSize == nil || folder.isSkippingBad {
      let description = try folder.described(split, index, over: world, report: report)
      index = try world.agreeing { try folder.usable(listing, description, report: report) }
      normalization = normalization ?? description.normalization
      imageSize = imageSize ?? description.imageSize
    }
    guard let normalization, let imageSize else { preconditionFailure("an index without a picture") }
    let viewSize = ImageSize(width: imageSize, height: imageSize)
    var settings = FolderDataset.Settings(normalization: normalization, viewSize: viewSize)
    settings.scaledDecoding =
      recipe.decode == "scaled" ? ImageSize(width: 2 * viewSize.width, height: 2 * viewSize.height) : nil
    settings.isReplacingBad = folder.isSkippingBad
    let dataset = FolderDataset(index, settings)
    try world.agreeing { try checkClasses(dataset, index.root) }
    return (dataset, index.fingerprint)
  }

  /// Checks that there is something to contrast.
  private static func checkClasses(_ dataset: any ImageDataset, _ path: String) throws(RunError) {
    guard dataset.classNames.count > 1 else {
      throw RunError(
        .data,
        "\(path): has one class, \(dataset.classNames.joined()); expected at least two, as training tells pictures of different classes apart"
      )
    }
  }
}
