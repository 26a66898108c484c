import Datasets
import Job
import MPI
import Measures
import NeuralNet

extension FrozenEncoder {
  /// Compiles the encoder for the views of a dataset.
  ///
  /// Collective.
  func extraction(
    for dataset: any ImageDataset, threads: Int, over world: borrowing Communicator
  ) throws -> FeatureExtraction {
    try world.throwingTogether {
      try FeatureExtraction(configuration, state, viewSize: configuration.viewSize(of: dataset), threads: threads)
    }
  }

  /// The representations of all samples of a dataset on every rank, as they are and scaled to unit length.
  ///
  /// Collective.
  package func rows(
    of dataset: any ImageDataset, threads: Int, over world: borrowing Communicator
  ) throws -> (plain: FeatureRows, unit: FeatureRows) {
    let extraction = try extraction(for: dataset, threads: threads, over: world)
    let plain = try extraction.features(
      of: extraction.makeLoader(dataset, .none, seed: configuration.compute.seed), over: world)
    var unit = plain
    UnitNormalization.scale(&unit, width: extraction.width)
    let labels = dataset.labels
    return (
      FeatureRows(features: plain, labels: labels, width: extraction.width),
      FeatureRows(features: unit, labels: labels, width: extraction.width)
    )
  }
}
