import DataLoading
import Datasets
import Imaging
import Job
import MPI

/// The features of both splits, `[samples, width]`, standardized with the mean and standard deviation of the training set.
struct StandardizedFeatures {
  /// The features of the training samples, as augmented for the current epoch.
  private(set) var training: [Float]
  /// The features of the test samples, without augmentation.
  let test: [Float]
  /// The classes of the training samples.
  let labels: [Int32]
  /// The mean and standard deviation that both were standardized with.
  let standardization: FeatureStandardization
  /// The number of features of a sample.
  var width: Int { extraction.width }

  private let extraction: FeatureExtraction
  private let loader: ShardLoader

  /// Computes the features of both splits over all ranks.
  ///
  /// Collective.
  init(
    _ request: LinearStage.Request, _ encoder: FrozenEncoder, _ training: any ImageDataset, _ test: any ImageDataset,
    over world: borrowing Communicator
  ) throws {
    extraction = try encoder.extraction(for: training, threads: request.threads, over: world)
    loader = extraction.makeLoader(training, request.augmentation, seed: request.seed)
    let testLoader = extraction.makeLoader(test, .none, seed: request.seed)
    var trainingFeatures = try extraction.features(of: loader, over: world)
    var testFeatures = try extraction.features(of: testLoader, over: world)
    standardization = FeatureStandardization(trainingFeatures, width: extraction.width)
    standardization.apply(&trainingFeatures)
    standardization.apply(&testFeatures)
    self.training = trainingFeatures
    self.test = testFeatures
    labels = training.labels
  }

  /// Replaces the training features by those of newly augmented samples, with the standardization of the first epoch.
  ///
  /// Collective.
  mutating func augmentAgain(epoch: Int, over world: borrowing Communicator) throws {
    training = try extraction.features(of: loader, epoch: epoch, over: world)
    standardization.apply(&training)
  }
}
