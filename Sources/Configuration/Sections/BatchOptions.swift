import DataLoading
import Datasets

/// The options of global batches and of the shards that they are divided into.
package struct BatchOptions: Sendable, Equatable {
  /// The strategy that assigns samples to batches.
  package enum Sampling: String, CaseIterable, Sendable {
    /// Every sample once an epoch, in random order.
    case shuffle
    /// The same number of samples of each of ``BatchOptions/classesPerBatch`` classes.
    case balanced
    /// Stratified: every batch has the dataset's proportions of classes.
    case fixedLabels = "fixed-labels"
  }

  /// The number of samples in a global batch.
  package var size = 256
  /// The number of samples in a shard, the unit of computation and of BatchNorm statistics.
  package var shardSize = 32
  /// The strategy that assigns samples to batches.
  package var sampling = Sampling.shuffle
  /// The number of different classes in a batch with ``Sampling/balanced``.
  package var classesPerBatch: Int?
  /// The treatment of an epoch's last batch if it is incomplete.
  package var lastBatch = Sampler.LastBatch.drop

  /// Creates the default options.
  package init() {}

  /// The number of shards in a global batch.
  package var shardCount: Int { size / max(shardSize, 1) }

  /// Returns the first contradiction between these options, or with the number of ranks, or `nil`.
  package func problem(ranks: Int) -> RunError? {
    guard size.isMultiple(of: max(shardSize, 1)) else {
      return RunError(
        .usage, "--batch-size \(size): expected a multiple of --shard-size \(shardSize)",
        remedy: "choose \(max(size / max(shardSize, 1), 1) * shardSize) or another shard size")
    }
    guard ranks <= shardCount else {
      return RunError(
        .usage,
        "\(counted(ranks, "rank")) for \(counted(shardCount, "shard")) (--batch-size \(size) in shards of --shard-size \(shardSize))",
        remedy: "start at most \(counted(shardCount, "rank")), or choose a smaller shard or a larger batch")
    }
    return samplingProblem
  }

  private var samplingProblem: RunError? {
    if sampling == .balanced {
      guard let classesPerBatch else {
        return RunError(
          .usage, "--sampler balanced: needs --classes-per-batch, a divisor of --batch-size \(size)")
      }
      guard size.isMultiple(of: classesPerBatch) else {
        return RunError(
          .usage, "--classes-per-batch \(classesPerBatch): expected a divisor of --batch-size \(size)")
      }
    }
    return sampling != .shuffle && lastBatch == .keep
      ? RunError(
        .usage, "--last-batch keep: belongs to --sampler shuffle",
        remedy: "leave it out: the batches of --sampler \(sampling.rawValue) are all whole") : nil
  }

  /// Creates the sampler that divides a training set into global batches.
  ///
  /// - Throws: ``RunError`` if the dataset cannot fill batches of this kind.
  func makeSampler(_ dataset: any ImageDataset, seed: UInt64) throws(RunError) -> Sampler {
    let kind: Sampler.Kind =
      switch sampling {
      case .shuffle: .shuffled
      case .balanced: .balanced(classesPerBatch: classesPerBatch ?? 1)
      case .fixedLabels: .fixedLabels
      }
    do {
      return try Sampler(kind, dataset, batchSize: size, shardSize: shardSize, lastBatch: lastBatch, seed: seed)
    } catch {
      throw RunError(.usage, error.description)
    }
  }
}
