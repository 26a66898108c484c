extension Configuration {
  /// The names of the datasets.
  package static let datasetNames = ["shapes", "cifar10", "cifar100", "folder"]

  /// What is wrong with the options, or `nil`.
  package var dataProblem: String? {
    switch (dataset, data) {
    case ("shapes", .some): return "--data: --dataset shapes is built in and has no folder"
    case ("cifar10", nil), ("cifar100", nil):
      return "--dataset \(dataset): needs --data with the folder of its binary version"
    case ("folder", nil): return "--dataset folder: needs --data with the folder of the images, or a pack"
    default: return FolderOptions.problem(self)
    }
  }
}
