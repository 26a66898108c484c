import Configuration
import Datasets
import ImageCodecs
import Inference
import MPI
import Measures
import Runs
import WeightExchange

/// The encoder and classifier of a training state, in evaluation mode (BatchNorm uses running statistics).
package struct TrainedClassifier {
  private let configuration: Configuration
  private let extraction: FeatureExtraction
  private let classifier: RunClassifier

  /// Compiles the encoder and takes the classifier of a training state.
  ///
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(_ configuration: Configuration, _ state: TrainingState, viewSize: ImageSize) throws {
    self.configuration = configuration
    extraction = try FeatureExtraction(
      configuration, state, viewSize: viewSize, threads: configuration.compute.threads,
      samplesPerBlock: FeatureExtraction.samplesPerBlock(whileTraining: configuration))
    classifier = RunClassifier(ExportedClassifier(of: state))
  }

  /// Classifies all samples of a dataset and counts the correct predictions.
  ///
  /// Collective; the same counts on any number of ranks and threads.
  ///
  /// - Throws: ``CollectiveError`` naming an image that cannot be read, or if a representation or logit is not finite.
  package func accuracy(on test: any ImageDataset, over world: borrowing Communicator) throws -> TestAccuracy {
    let rows = try extraction.rows(of: test, seed: configuration.compute.seed, over: world)
    world.activity.begin("testing")
    return try classifier.accuracy(on: rows, threads: configuration.compute.threads, over: world)
  }
}
