import Datasets
import MPI

extension RunOpening {
  /// The test set of a classifier's run, whose classes are those of the training set; `nil` without a classifier.
  ///
  /// Collective.
  static func testSet(
    of recipe: Recipe, beside dataset: any ImageDataset, over world: borrowing Communicator,
    report: @escaping (String) -> Void
  ) throws -> (any ImageDataset)? {
    guard recipe.isClassifying else { return nil }
    let test = try DatasetChoice.open(recipe, .test, over: world, report: report)
    try world.agreeOnSamples(of: test, recipe)
    try world.agreeing {
      let unknown = test.classNames.filter { name in !dataset.classNames.contains(name) }
      guard test.classNames == dataset.classNames else {
        throw RunError(
          .data,
          "\(recipe.data ?? recipe.dataset): the test set has \(test.classNames.count) classes, but the classifier has the \(dataset.classNames.count) of the training set"
            + (unknown.isEmpty ? "" : "; it lacks \(unknown.prefix(10).joined(separator: ", "))")
            + "; give both sets the same classes")
      }
    }
    return test
  }
}
