import Configuration
import DataLoading
import Datasets
import ImageCodecs
import Imaging
import Job
import MPI
import Measures
import NeuralNet
import OneDNN
import Runs

/// A frozen encoder, compiled to compute the representations of whole datasets.
///
/// Samples are computed in blocks of a fixed size, the last one padded, so that each sample gets the same features on
/// any number of ranks and threads.
package final class FeatureExtraction {
  /// The default number of samples in a block, which are computed together.
  package static let usualBlockSize = 64

  /// The number of features per sample.
  package let width: Int

  private let samplesPerBlock: Int
  private let viewSize: ImageSize
  /// The encoder, once for each thread.
  private let encoders: [InferenceEncoder]

  /// Compiles the encoder in evaluation mode on every thread.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - state: The run's weights and running statistics.
  ///   - viewSize: The size of the encoder's input.
  ///   - threads: The number of threads of this rank.
  ///   - samplesPerBlock: The number of samples computed together; the last bits of features may depend on it.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(
    _ configuration: Configuration, _ state: TrainingState, viewSize: ImageSize, threads: Int,
    samplesPerBlock: Int = usualBlockSize
  ) throws {
    self.samplesPerBlock = samplesPerBlock
    self.viewSize = viewSize
    useOneThreadPerPrimitive()
    let (engine, packedWeights) = (try Engine(), PackedWeights())
    encoders = try (0..<threads).map { _ in
      try InferenceEncoder(
        engine, configuration, state, viewSize: viewSize, rows: samplesPerBlock,
        packedWeights: packedWeights)
    }
    width = encoders[0].width
  }

  /// Returns the number of samples in a block while a run trains: no more than the views of a shard, so that a run of
  /// small shards, which has chosen them to take little memory, takes little for its evaluations too.
  package static func samplesPerBlock(whileTraining configuration: Configuration) -> Int {
    min(usualBlockSize, configuration.batches.shardSize * configuration.views.count)
  }

  /// Creates a loader that makes one view of each sample.
  package func makeLoader(
    _ dataset: any ImageDataset, _ augmentation: Augmentation, seed: UInt64
  ) -> ShardLoader {
    ShardLoader(
      dataset, augmentation, viewSize: viewSize, views: 1, seed: seed, layout: encoders[0].viewLayout)
  }

  /// Returns the features of all samples of a dataset without augmentation, with their labels, on every rank.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming an image that cannot be read, or a feature that is not finite.
  package func rows(
    of dataset: any ImageDataset, seed: UInt64, over world: borrowing Communicator
  ) throws -> FeatureRows {
    FeatureRows(
      features: try features(of: makeLoader(dataset, .none, seed: seed), over: world), labels: dataset.labels,
      width: width)
  }

  /// Returns the features of all samples of a loader's dataset, `[samples, width]`, on every rank.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming an image that cannot be read, or a feature that is not finite.
  package func features(
    of loader: ShardLoader, epoch: Int = 0, over world: borrowing Communicator
  ) throws -> [Float] {
    world.activity.begin("features")
    // Safe: two calls with the same thread number never overlap, so that each encoder is used by one thread only.
    nonisolated(unsafe) let extraction = self
    let features = try RowWork.gather(
      rows: loader.dataset.count, width: width, zero: Float(0), blockSize: samplesPerBlock, threads: encoders.count,
      over: world
    ) { samples, thread in
      try unsafe extraction.features(of: samples, from: loader, onThread: thread, epoch: epoch)
    }
    guard let place = features.firstIndex(where: { feature in !feature.isFinite }) else { return features }
    throw CollectiveError(
      error: RunError(
        .software, "the encoder's representation of sample \(place / width) is not finite: its weights have diverged",
        remedy: "use an earlier checkpoint, or train again with a lower --learning-rate", isDivergence: true))
  }

  /// Computes the features of one block of samples; the last sample is repeated to fill the last block.
  private func features(
    of samples: Range<Int>, from loader: ShardLoader, onThread thread: Int, epoch: Int
  ) throws -> [Float] {
    let block = (0..<samplesPerBlock).map { row in Int32(min(samples.lowerBound + row, samples.upperBound - 1)) }
    let encoder = encoders[thread]
    try unsafe encoder.views.withFloats { elements in
      var views = unsafe elements.mutableSpan
      try loader.fill(&views, samples: block.span, epoch: epoch)
    }
    return Array(try encoder.representations().prefix(samples.count * width))
  }
}
