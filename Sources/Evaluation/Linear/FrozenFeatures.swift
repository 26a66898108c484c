import Datasets
import ImageCodecs
import Job
import MPI
import Measures

/// The representations of whole datasets by a frozen encoder, which is compiled once for datasets of one size of views.
package final class FrozenFeatures {
  /// The encoder.
  package let encoder: FrozenEncoder

  private let threads: Int
  private var compiled: (viewSize: ImageSize, extraction: FeatureExtraction)?

  /// The features of an encoder, computed by some threads of each rank; nothing is compiled yet.
  package init(_ encoder: FrozenEncoder, threads: Int) {
    self.encoder = encoder
    self.threads = threads
  }

  /// The representations of all samples of a dataset, on every rank.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming an image that cannot be read; after any other error the job has to end at once.
  package func rows(of dataset: any ImageDataset, over world: borrowing Communicator) throws -> FeatureRows {
    let viewSize = encoder.configuration.viewSize(of: dataset)
    if compiled?.viewSize != viewSize {
      compiled = (viewSize, try encoder.extraction(for: dataset, threads: threads, over: world))
    }
    guard let (_, extraction) = compiled else { preconditionFailure("nothing was compiled") }
    return try extraction.rows(of: dataset, seed: encoder.configuration.compute.seed, over: world)
  }
}
