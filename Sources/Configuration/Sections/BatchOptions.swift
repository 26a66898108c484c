import DataLoading
import Datasets

/// The global batches and their shards.
package struct BatchOptions: Sendable, Equatable {
  /// The choice of samples for a batch.
  package enum Sampling: String, CaseIterable, Sendable {
    /// All samples once an epoch in random order.
    case shuffle
    /// The same number of samples of each of ``BatchOptions/classesPerBatch`` classes.
    case balanced
    /// Stratified: every batch has the dataset's proportions of classes.
    case fixedLabels = "fixed-labels"
  }

  /// Samples in a global batch.
  package var size = 256
  /// Samples in a shard, the unit of computing and of BatchNorm.
  package var shardSize = 32
  /// The choice of samples for a batch.
  package var sampling = Sampling.shuffle
  /// The number of classes in a batch of ``Sampling/balanced``.
  package var classesPerBatch: Int?
  /// The treatment of an epoch's last, partial batch.
  package var lastBatch = Sampler.LastBatch.drop

  /// The defaults.
  package init() {}

  /// The number of shards of a global batch.
  package var shardCount: Int { size / max(shardSize, 1) }

  /// The first contradiction between these options, or with the number of ranks, or `nil`.
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

  /// Creates the sampler of a training set.
  ///
  /// - Throws: ``RunError`` if the set cannot fill such batches.
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
