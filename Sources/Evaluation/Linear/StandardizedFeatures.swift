import DataLoading
import Datasets
import Imaging
import Inference
import Job
import MPI

/// The features of training and test set, `[samples, width]`, standardized by the training set's mean and standard
/// deviation.
struct StandardizedFeatures {
  /// The features of the training samples, augmented for the current epoch.
  private(set) var training: [Float]
  /// The features of the test samples, without augmentation.
  let test: [Float]
  /// The labels of the training samples.
  let labels: [Int32]
  /// The mean and standard deviation of the training features.
  let standardization: FeatureStandardization
  /// The number of features per sample.
  var width: Int { extraction.width }

  private let extraction: FeatureExtraction
  private let loader: ShardLoader

  /// Computes the features of training and test set on all ranks.
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

  /// Recomputes the training features from newly augmented images; the mean and standard deviation of the first epoch
  /// are kept.
  ///
  /// Collective.
  mutating func augmentAgain(epoch: Int, over world: borrowing Communicator) throws {
    training = try extraction.features(of: loader, epoch: epoch, over: world)
    standardization.apply(&training)
  }
}
