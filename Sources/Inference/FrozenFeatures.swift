import Datasets
import ImageCodecs
import Job
import MPI
import Measures

/// A frozen encoder that computes the representations of whole datasets, compiled once per view size.
package final class FrozenFeatures {
  /// The frozen encoder.
  package let encoder: FrozenEncoder

  private let threads: Int
  private var compiled: (viewSize: ImageSize, extraction: FeatureExtraction)?

  /// Creates the features of an encoder; the encoder is compiled when it is first needed.
  package init(_ encoder: FrozenEncoder, threads: Int) {
    self.encoder = encoder
    self.threads = threads
  }

  /// Returns the representations of all samples of a dataset, with their labels, on every rank.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming an image that cannot be read; after any other error the job has to end at
  ///   once.
  package func rows(of dataset: any ImageDataset, over world: borrowing Communicator) throws -> FeatureRows {
    let viewSize = encoder.configuration.viewSize(of: dataset)
    if compiled?.viewSize != viewSize {
      compiled = (viewSize, try encoder.extraction(for: dataset, threads: threads, over: world))
    }
    guard let (_, extraction) = compiled else { preconditionFailure("nothing was compiled") }
    return try extraction.rows(of: dataset, seed: encoder.configuration.compute.seed, over: world)
  }
}
