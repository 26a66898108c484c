import Contrastive
import MPI

/// What the collective parts of a step keep for global batches of one size.
struct BatchPlan {
  /// How many samples the batches have.
  let batchSize: Int
  /// How many shards.
  let shardCount: Int
  /// The shards of every rank; a rank may have none in an epoch's last batch.
  let runs: ContiguousRuns
  /// The contrastive loss, if there is one.
  let loss: ContrastiveLoss<Float>?
  let reduction: PiecewiseReduction<Float>

  /// A plan.
  ///
  /// - Parameters:
  ///   - recipe: What to train.
  ///   - batchSize: How many samples the batches have, whole shards of them.
  ///   - vector: What the reduction carries for each shard.
  ///   - pieces: Where the pieces of it begin that are reduced one by one.
  ///   - world: The ranks.
  ///   - order: How gradients are added.
  init(
    _ recipe: Recipe, batchSize: Int, vector: ShardVectorLayout, pieces: [Int], over world: borrowing Communicator,
    order: ReductionOrder
  ) {
    self.batchSize = batchSize
    shardCount = batchSize / recipe.shardSize
    runs = ContiguousRuns(total: shardCount, parts: world.size)
    loss =
      recipe.isContrasting
      ? ContrastiveLoss(
        blocks: RowBlocks(
          rowCount: batchSize * recipe.views, rowsPerShard: recipe.shardSize * recipe.views, ranks: world.size),
        width: recipe.widthOfEmbeddings, temperature: recipe.temperature, scale: recipe.lossScaleFactor,
        mode: recipe.lossMode, layout: recipe.viewLayout, threads: recipe.threads)
      : nil
    reduction = PiecewiseReduction(
      length: vector.count, bounds: pieces, runs: runs, rank: world.rank, order: order)
  }
}
