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
  private let isNormalizing: Bool
  private let encoders: [(encoder: ResNet, record: ResNet.SavedActivations)]

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
    isNormalizing = configuration.model.normalizeEncoder
    useOneThreadPerPrimitive()
    let engine = try Engine()
    encoders = try (0..<threads).map { _ in
      let context = try NetworkContext(engine, mode: .inference, precision: configuration.compute.resolvedPrecision)
      let encoder = try ResNet(
        context, configuration.architecture, views: samplesPerBlock, height: viewSize.height, width: viewSize.width
      )
      // The encoder's parameters are the first in the run's parameter vector, before those of the heads.
      precondition(
        context.parameters.slices == Array(state.parameterLayout.slices.prefix(context.parameters.slices.count)),
        "the encoder's parameters are not the first of the run's")
      try state.parameters.withSpan { (parameters) throws(DNNLError) in
        try encoder.load(parameters.extracting(0..<context.parameters.count))
      }
      let record = try encoder.makeSavedActivations()
      state.statistics.withSpan { statistics in encoder.load(statistics: statistics, into: record) }
      return (encoder, record)
    }
    width = encoders[0].encoder.representationWidth
  }

  /// Creates a loader that makes one view of each sample.
  func makeLoader(_ dataset: any ImageDataset, _ augmentation: Augmentation, seed: UInt64) -> ShardLoader {
    ShardLoader(
      dataset, augmentation, viewSize: viewSize, views: 1, seed: seed, layout: encoders[0].encoder.viewLayout)
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
    return gathered
  }

  private func features(
    ofBlocks blocks: Range<Int>, of loader: ShardLoader, epoch: Int, blockDone: @escaping @Sendable () -> Void
  ) throws -> [[Float]] {
    // Safe: each encoder is used by one thread only.
    nonisolated(unsafe) let (encoders, extraction) = (encoders, self)
    return try unsafe parallelMap(blocks.count, threads: encoders.count) { index, thread in
      useOneThreadPerPrimitive()
      defer { blockDone() }
      let (encoder, record) = unsafe encoders[thread]
      return try unsafe extraction.features(
        ofBlock: blocks.lowerBound + index, of: loader, encoder, record, epoch: epoch)
    }
  }

  /// Computes the features of one block of samples; padding rows repeat the last sample.
  private func features(
    ofBlock block: Int, of loader: ShardLoader, _ encoder: ResNet, _ record: ResNet.SavedActivations, epoch: Int
  ) throws -> [Float] {
    let count = loader.dataset.count
    let first = block * samplesPerBlock
    let samples = (first..<first + samplesPerBlock).map { sample in Int32(min(sample, count - 1)) }
    try unsafe encoder.views.withFloats { elements in
      var views = unsafe elements.mutableSpan
      try loader.fill(&views, samples: samples.span, epoch: epoch)
    }
    var features = [Float](repeating: 0, count: samplesPerBlock * width)
    var rows = features.mutableSpan
    try encoder.forward(record, into: &rows)
    guard isNormalizing else { return features }
    var unitRows = features
    var lengths = [Float](repeating: 0, count: samplesPerBlock)
    var unitRowSpan = unitRows.mutableSpan
    var lengthSpan = lengths.mutableSpan
    L2Normalization.forward(features.span, width: width, into: &unitRowSpan, lengths: &lengthSpan)
    return unitRows
  }
}
