import Datasets
import Job
import MPI

extension FrozenEncoder {
  /// Compiles the encoder for the view size of a dataset.
  ///
  /// Collective.
  func extraction(
    for dataset: any ImageDataset, threads: Int, over world: borrowing Communicator
  ) throws -> FeatureExtraction {
    try world.throwingTogether {
      try FeatureExtraction(configuration, state, viewSize: configuration.viewSize(of: dataset), threads: threads)
    }
  }
}
