import Datasets
import Formats

/// The datasets by the names of the command line.
public enum DatasetChoice {
  /// The names.
  public static let names = ["shapes", "cifar10", "cifar100"]

  /// The built-in set does not depend on the run's seed: runs are compared on the same pictures.
  private static let shapesSeed: UInt64 = 0

  /// What is wrong with the options, or `nil`.
  static func problem(dataset: String, data: String?) -> String? {
    switch (dataset, data) {
    case ("shapes", .some): "--data: --dataset shapes is built in and has no folder"
    case ("cifar10", nil), ("cifar100", nil):
      "--dataset \(dataset): needs --data with the folder of its binary version"
    default: nil
    }
  }

  /// Opens one split.
  ///
  /// - Parameters:
  ///   - recipe: Which dataset.
  ///   - split: Which part of it.
  ///   - note: Receives what is unusual about it.
  /// - Returns: The split, opened and checked.
  /// - Throws: `FileError` naming the file.
  public static func open(
    _ recipe: Recipe, _ split: DatasetSplit, note: (String) -> Void = { _ in }
  ) throws(FileError) -> any ImageDataset {
    guard let variant = CIFARDataset.Variant(rawValue: recipe.dataset) else {
      return ShapesDataset(
        count: split == .train ? recipe.shapesTrain : recipe.shapesTest, seed: shapesSeed, split: split)
    }
    let dataset = try CIFARDataset(variant, directory: recipe.data ?? ".", split: split)
    for text in dataset.notes {
      note(text)
    }
    return dataset
  }
}
