import Configuration
import Datasets
import Job
import KeyedRandomness
import MPI

/// The samples of evaluations during training: queries to be classified, and labeled training samples (references) to
/// classify them by.
///
/// Queries are validation images if there are any (of the dataset, or held out by `--validation-fraction`). Otherwise
/// they are training images, disjoint from the references; the encoder is then trained on both. Test images are never
/// used. The choice is class-balanced and a function of the dataset only: the same in every run, on any number of
/// ranks.
package struct HeldOutSamples: Sendable {
  private static let mostQueries = 2000
  private static let mostReferences = 8000
  /// The number of training samples that are used even if this is a large part of the training set.
  private static let leastPool = 1000
  /// The inverse of the fraction of a larger training set that is used, so that an evaluation costs a small part of an
  /// epoch.
  private static let poolShare = 5

  /// The queries, which are the samples to be classified.
  package let queries: any ImageDataset
  /// The training samples by which the queries are classified.
  package let references: any ImageDataset
  /// The split of the queries: validation, or train if there are no validation images.
  package let split: Split

  /// Chooses queries and references for a run.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - training: The training set.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if there are validation images that cannot be opened.
  package init(
    _ configuration: Configuration, training: any ImageDataset, over world: borrowing Communicator
  ) throws {
    self.init(training: training, validation: try Self.validation(of: configuration, over: world))
  }

  /// Chooses queries and references from opened datasets.
  ///
  /// - Parameters:
  ///   - training: The training set.
  ///   - validation: The validation images; `nil` if there are none.
  package init(training: any ImageDataset, validation: (any ImageDataset)?) {
    if let validation {
      queries = Self.subset(of: validation, most: Self.mostQueries)
      references = Self.subset(of: training, most: Self.largestReferenceCount(ofTraining: training.count))
      split = .validation
    } else {
      let pool = Self.subset(
        of: training, most: min(Self.share(of: training.count), Self.mostQueries + Self.mostReferences))
      let fraction = Double(Self.mostQueries) / Double(Self.mostQueries + Self.mostReferences)
      (references, queries) = Self.divided(pool, fraction: fraction)
      split = .train
    }
  }

  /// Returns the largest number of samples, out of `training`, whose representations an evaluation computes at a time.
  package static func largestReferenceCount(ofTraining training: Int) -> Int {
    min(training, share(of: training), mostReferences)
  }

  /// Returns the largest number of training samples that an evaluation uses.
  private static func share(of training: Int) -> Int { max(leastPool, training / poolShare) }

  /// Opens the validation images; `nil` if there are none and none were asked for.
  private static func validation(
    of configuration: Configuration, over world: borrowing Communicator
  ) throws -> (any ImageDataset)? {
    do {
      // Notes about the files are discarded here, because they were reported when the run was opened.
      return try DatasetChoice.open(configuration, .validation, needsLabels: false, over: world, report: .silent)
    } catch let error as CollectiveError
      where error.error.exitCode == .missing && !configuration.data.asksForValidation
    {
      return nil
    }
  }

  private static func subset(of dataset: any ImageDataset, most: Int) -> any ImageDataset {
    guard dataset.count > most else { return dataset }
    return divided(dataset, fraction: Double(most) / Double(dataset.count)).second
  }

  /// Divides a dataset class by class, or as a whole if the classes are too small; `fraction` of the samples form the
  /// second part.
  private static func divided(
    _ dataset: any ImageDataset, fraction: Double
  ) -> (first: any ImageDataset, second: any ImageDataset) {
    let parts = dataset.heldOut(fraction: fraction)
    guard parts.validation.count == 0, dataset.count > 1 else { return (parts.training, parts.validation) }
    let order = SampleOrder.permutation(of: dataset.count, seed: 0, epoch: 0, purpose: .validationSplit)
    let count = max(1, Int(fraction * Double(dataset.count)))
    return (
      DatasetSubset(dataset, order.dropFirst(count).sorted()), DatasetSubset(dataset, order.prefix(count).sorted())
    )
  }
}
