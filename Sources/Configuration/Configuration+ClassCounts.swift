import Datasets
import ImagePacks

extension Configuration {
  /// Counts the training images of each class, for advice in errors, without decoding any; `nil` if they are not
  /// found.
  func trainingClassCounts() -> [Int]? {
    switch data.dataset {
    case .shapes:
      return trained(ShapesDataset(count: data.shapesTrain, seed: 0, split: .train))
    case .cifar10, .cifar100:
      guard let variant = CIFARDataset.Variant(rawValue: data.dataset.rawValue), let path = data.path,
        let dataset = try? CIFARDataset(variant, directory: path, split: .train)
      else { return nil }
      return trained(dataset)
    case .folder:
      guard let path = data.path else { return nil }
      if DataPath.isPack(path) {
        return (try? PackedDataset(path: path, split: .train, normalization: data.normalization))?.classCounts
      }
      guard let whole = try? fileIndex(path) else { return nil }
      let index =
        data.validationFraction.map { fraction in whole.divided(validationFraction: fraction).training } ?? whole
      return index.classFolders.indices.map { label in index.files(ofClass: label).count }.filter { count in count > 0 }
    }
  }

  /// Returns the class counts of the samples that are not held out for validation.
  private func trained(_ dataset: any ImageDataset) -> [Int] {
    data.validationFraction.map { fraction in dataset.heldOut(fraction: fraction).training.classCounts }
      ?? dataset.classCounts
  }

  /// Lists the training images of a folder or of a list of labels.
  private func fileIndex(_ path: String) throws -> FolderIndex {
    guard !DataPath.isList(path) else { return try LabelList(path: path).index(.train) }
    var request = FolderRequest(path: path)
    (request.trainFolder, request.validationFolder, request.testFolder) =
      (data.trainFolder, data.validationFolder, data.testFolder)
    return try FolderScan(FolderLayout(request).training, isSkipping: data.badImages == .skip).index
  }
}
