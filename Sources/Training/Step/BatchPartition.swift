import Configuration
import Losses
import MPI

/// What the collective parts of a step keep for global batches of one size.
package struct BatchPartition {
  /// How many samples the batches have.
  let batchSize: Int
  /// How many shards.
  let shardCount: Int
  /// The shards of every rank; a rank may have none in an epoch's last batch.
  let runs: BlockPartition
  /// The contrastive loss, if there is one.
  let loss: ContrastiveLoss<Float>?
  let reduction: PiecewiseReduction<Float>

  /// A plan.
  ///
  /// - Parameters:
  ///   - configuration: What to train.
  ///   - batchSize: How many samples the batches have, whole shards of them.
  ///   - vector: What the reduction carries for each shard.
  ///   - pieces: Where the pieces of it begin that are reduced one by one.
  ///   - world: The ranks.
  ///   - order: How gradients are added.
  package init(
    _ configuration: Configuration, batchSize: Int, vector: ShardVectorLayout, pieces: [Int],
    over world: borrowing Communicator,
    order: ReductionOrder
  ) {
    self.batchSize = batchSize
    shardCount = batchSize / configuration.shardSize
    runs = BlockPartition(total: shardCount, parts: world.size)
    loss =
      configuration.isContrasting
      ? ContrastiveLoss(
        blocks: RowBlocks(
          rowCount: batchSize * configuration.views, rowsPerShard: configuration.shardSize * configuration.views,
          ranks: world.size),
        width: configuration.widthOfEmbeddings, temperature: configuration.temperature,
        scale: configuration.lossScaleFactor,
        mode: configuration.lossMode, rowOrder: configuration.rowOrder, threads: configuration.threads)
      : nil
    reduction = PiecewiseReduction(
      length: vector.count, bounds: pieces, runs: runs, rank: world.rank, order: order)
  }
}
