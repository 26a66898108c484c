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
import ParallelLoops
import Runs

/// A frozen encoder, compiled to compute the representations of whole datasets.
///
/// Samples are computed in blocks of a fixed size, the last one padded, so that each sample gets the same features on
/// any number of ranks and threads.
final class FeatureExtraction {
  /// The default number of samples in a block, which are computed together.
  static let usualBlockSize = 64

  /// The number of features per sample.
  let width: Int

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
  init(
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

  /// Creates a loader that makes one view of each sample.
  func makeLoader(_ dataset: any ImageDataset, _ augmentation: Augmentation, seed: UInt64) -> ShardLoader {
    ShardLoader(
      dataset, augmentation, viewSize: viewSize, views: 1, seed: seed, layout: encoders[0].viewLayout)
  }

  /// Returns the features of all samples of a dataset without augmentation, with their labels, on every rank.
  ///
  /// Collective.
  func rows(of dataset: any ImageDataset, seed: UInt64, over world: borrowing Communicator) throws -> FeatureRows {
    FeatureRows(
      features: try features(of: makeLoader(dataset, .none, seed: seed), over: world), labels: dataset.labels,
      width: width)
  }

  /// Returns the features of all samples of a loader's dataset, `[samples, width]`, on every rank.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if a feature is not finite.
  func features(of loader: ShardLoader, epoch: Int = 0, over world: borrowing Communicator) throws -> [Float] {
    let count = loader.dataset.count
    let blockCount = (count + samplesPerBlock - 1) / samplesPerBlock
    let runs = BlockPartition(total: blockCount, parts: world.size)
    let own = runs[world.rank]
    func samples(_ blocks: Range<Int>) -> Range<Int> {
      min(blocks.lowerBound * samplesPerBlock, count)..<min(blocks.upperBound * samplesPerBlock, count)
    }
    let activity = world.activity
    activity.begin("features")
    let blocks = try world.throwingTogether {
      try features(ofBlocks: own, of: loader, epoch: epoch) { activity.progressed() }
    }
    let local = Array(blocks.joined().prefix(samples(own).count * width))
    var gathered = [Float](repeating: 0, count: count * width)
    try world.allGather(local.span, counts: runs.runs.map { run in samples(run).count * width }, into: &gathered)
    guard let place = gathered.firstIndex(where: { feature in !feature.isFinite }) else { return gathered }
    throw CollectiveError(
      error: RunError(
        .software, "the encoder's representation of sample \(place / width) is not finite: its weights have diverged",
        remedy: "use an earlier checkpoint, or train again with a lower --learning-rate", isDivergence: true))
  }

  private func features(
    ofBlocks blocks: Range<Int>, of loader: ShardLoader, epoch: Int, blockDone: @escaping @Sendable () -> Void
  ) throws -> [[Float]] {
    // Safe: each encoder is used by one thread only.
    nonisolated(unsafe) let (encoders, extraction) = (encoders, self)
    return try unsafe parallelMap(blocks.count, threads: encoders.count) { index, thread in
      useOneThreadPerPrimitive()
      defer { blockDone() }
      return try unsafe extraction.features(
        ofBlock: blocks.lowerBound + index, of: loader, encoders[thread], epoch: epoch)
    }
  }

  /// Computes the features of one block of samples; padding rows repeat the last sample.
  private func features(
    ofBlock block: Int, of loader: ShardLoader, _ encoder: InferenceEncoder, epoch: Int
  ) throws -> [Float] {
    let count = loader.dataset.count
    let first = block * samplesPerBlock
    let samples = (first..<first + samplesPerBlock).map { sample in Int32(min(sample, count - 1)) }
    try unsafe encoder.views.withFloats { elements in
      var views = unsafe elements.mutableSpan
      try loader.fill(&views, samples: samples.span, epoch: epoch)
    }
    return try encoder.representations()
  }
}
