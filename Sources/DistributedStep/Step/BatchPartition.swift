import Configuration
import Losses
import MPI

/// The assignment of a global batch's shards (its fixed parts) to ranks, and the loss and gradient reduction for its
/// size.
package struct BatchPartition {
  /// The number of samples in the global batch.
  let globalBatchSize: Int
  /// The number of shards in the global batch.
  let shardCount: Int
  /// The range of shards of every rank; a rank may have none in an epoch's last, smaller batch.
  let shards: BlockPartition
  /// The sums over shards that share BatchNorm statistics; `nil` if every shard has its own.
  let statistics: GroupReduction?
  /// The contrastive loss, if the configuration has one.
  let loss: ContrastiveLoss<Float>?
  /// The sum of the shards' vectors (``ShardVectorLayout``) over all ranks.
  let reduction: PiecewiseReduction<Float>

  /// Divides batches of one size over the ranks; not collective.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the run.
  ///   - globalBatchSize: The number of samples, a multiple of the shard size.
  ///   - sums: The memory for the sums of the shards' vectors.
  ///   - segments: The first element of each segment, a part of a vector that the backward pass completes at once.
  ///   - pieces: The first element of each piece, one or more segments that are all-reduced together.
  ///   - world: The ranks.
  package init(
    _ configuration: Configuration, globalBatchSize: Int, sums: SumMemory<Float>, segments: [Int], pieces: [Int],
    over world: borrowing Communicator
  ) {
    self.globalBatchSize = globalBatchSize
    shardCount = globalBatchSize / configuration.batches.shardSize
    shards = configuration.shardPartition(ofBatch: globalBatchSize, ranks: world.size)
    statistics =
      configuration.batches.isSharingStatistics
      ? GroupReduction(
        groupSize: configuration.batches.shardsPerGroup(ofShards: shardCount), shards: shards, rank: world.rank)
      : nil
    loss =
      configuration.isContrasting
      ? ContrastiveLoss(
        blocks: RowBlocks(
          rowCount: globalBatchSize * configuration.views.count,
          rowsPerShard: configuration.batches.shardSize * configuration.views.count, shards: shards),
        width: configuration.widthOfEmbeddings, temperature: configuration.loss.temperature,
        scale: configuration.lossScaleFactor,
        variant: configuration.loss.resolvedVariant, rowOrder: configuration.rowOrder,
        prototypeCount: configuration.hasPrototypes ? configuration.classifier.classes ?? 0 : 0,
        gatherPrecision: configuration.loss.gatherPrecision, threads: configuration.compute.threads)
      : nil
    reduction = PiecewiseReduction(
      in: sums, segments: segments, pieces: pieces, shards: shards, rank: world.rank,
      threads: configuration.compute.threads)
  }
}

extension Configuration {
  /// Returns the ranges of shards of all ranks in a batch of some samples.
  ///
  /// Each rank has one shard at least if there are enough; the bits of all results are the same for any division.
  package func shardPartition(ofBatch samples: Int, ranks: Int) -> BlockPartition {
    let count = samples / max(batches.shardSize, 1)
    // Speeds that are measured in the first steps become weights.
    guard case .weights(let weights) = compute.balance else { return BlockPartition(total: count, parts: ranks) }
    return BlockPartition(total: count, weights: weights)
  }
}
