import Configuration
import Datasets
import Imaging
import Job
import MPI
import WeightExchange

extension FrozenEncoder {
  /// Compiles the encoder for the view size of a dataset.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if oneDNN refuses a primitive.
  package func extraction(
    for dataset: any ImageDataset, threads: Int, over world: borrowing Communicator
  ) throws -> FeatureExtraction {
    try world.throwingTogether {
      try FeatureExtraction(configuration, state, viewSize: configuration.viewSize(of: dataset), threads: threads)
    }
  }

  /// Returns the mean and standard deviation with which the run in `path` normalizes images; `nil` if its files do not
  /// hold them.
  ///
  /// Collective.
  package func normalization(ofRun path: String, over world: borrowing Communicator) throws -> ChannelNormalization? {
    let numbers: [[Float]] = try world.rootValue {
      let own = ImagePreprocessing(configuration, run: path)?.normalization
      return own.map { own in [own.mean, own.standardDeviation] } ?? []
    }
    return numbers.isEmpty ? nil : ChannelNormalization(mean: numbers[0], standardDeviation: numbers[1])
  }
}
