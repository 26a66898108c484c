import MPI

/// A floating-point type in which the contrastive loss can be computed: `Float` for training, `Double` as a reference.
public protocol LossScalar: BinaryFloatingPoint, BitwiseCopyable, SendableMetatype, TreeElement {
  /// Returns the functions that compute a variant of the loss, compiled for this type.
  static func passes(of variant: LossVariant) -> LossPasses<Self>
}

/// The functions that compute one variant of the loss over the tiles of a batch, compiled for one floating-point type.
///
/// Each pass is called once per block of 128 rows or once per batch, and contains its own loop over tiles. The loop's
/// body is specialized for the type and the variant (``LossStrategy``), so that only the calls of passes are indirect.
@safe
public struct LossPasses<Scalar: LossScalar>: Sendable {
  /// The function that transposes the embeddings, ``ContrastiveTiles/transpose(_:count:width:into:)``.
  let transpose:
    @Sendable (
      _ embeddings: UnsafePointer<Scalar>, _ count: Int, _ width: Int, _ columns: UnsafeMutablePointer<Scalar>
    ) -> Void

  /// The function that returns sums over the whole batch, ``LossStrategy/batchSums(_:)``.
  let batchSums: @Sendable (_ tiles: ContrastiveTiles<Scalar>) -> [Double]

  /// The function that computes the losses and the statistics of a block of rows,
  /// ``LossStrategy/statistics(_:rows:batchSums:scratch:into:losses:)``.
  let statistics:
    @Sendable (
      _ tiles: ContrastiveTiles<Scalar>, _ rows: Range<Int>, _ batchSums: [Double],
      _ scratch: UnsafeMutablePointer<Scalar>, _ statistics: UnsafeMutablePointer<Scalar>,
      _ losses: UnsafeMutablePointer<Double>
    ) -> Void

  /// The function that computes the gradients of a block of rows,
  /// ``ContrastiveTiles/gradients(rows:weights:strategy:scratch:into:)``.
  let gradients:
    @Sendable (
      _ tiles: ContrastiveTiles<Scalar>, _ rows: Range<Int>, _ weights: RowWeights<Scalar>,
      _ scratch: UnsafeMutablePointer<Scalar>, _ gradients: UnsafeMutablePointer<Scalar>
    ) -> Void

  /// Creates the functions for the loss that `strategy` computes.
  @inline(__always)
  init<Strategy: LossStrategy>(_ strategy: Strategy) where Strategy.Scalar == Scalar {
    unsafe transpose = { embeddings, count, width, columns in
      unsafe ContrastiveTiles.transpose(embeddings, count: count, width: width, into: columns)
    }
    unsafe batchSums = { tiles in unsafe strategy.batchSums(tiles) }
    unsafe statistics = { tiles, rows, batchSums, scratch, statistics, losses in
      unsafe strategy.statistics(
        tiles, rows: rows, batchSums: batchSums, scratch: scratch, into: statistics, losses: losses)
    }
    unsafe gradients = { tiles, rows, weights, scratch, gradients in
      unsafe tiles.gradients(rows: rows, weights: weights, strategy: strategy, scratch: scratch, into: gradients)
    }
  }
}

/// The computations that differ between the standard contrastive loss and its other variants.
protocol LossStrategy: Sendable {
  associatedtype Scalar: TileArithmetic

  /// Returns sums over the whole batch that the losses of every block need; computed once per batch.
  @unsafe func batchSums(_ tiles: ContrastiveTiles<Scalar>) -> [Double]

  /// Computes the statistics and the losses L_i of one block's rows (first pass).
  ///
  /// - Parameters:
  ///   - tiles: The gathered batch.
  ///   - rows: The rows of the block.
  ///   - batchSums: The result of ``batchSums(_:)``.
  ///   - scratch: Scratch memory of ``ContrastiveTiles/scratchCount`` elements.
  ///   - statistics: The array `[count, statisticsPerRow]` of all rows, which receives the values of the block's rows.
  ///   - losses: Receives L_i of the block's rows; 0 for rows that are not anchors.
  @unsafe func statistics(
    _ tiles: ContrastiveTiles<Scalar>, rows: Range<Int>, batchSums: [Double], scratch: UnsafeMutablePointer<Scalar>,
    into statistics: UnsafeMutablePointer<Scalar>, losses: UnsafeMutablePointer<Double>)

  /// Replaces the similarities s_ij of one row i by G_ij + G_ji in the second pass,
  /// ``ContrastiveTiles/gradients(rows:weights:strategy:scratch:into:)``.
  ///
  /// Afterwards the value in the row's own column is meaningless.
  @unsafe func replaceByFactors(
    _ line: UnsafeMutablePointer<Scalar>, row: Int, columns: Range<Int>, _ tiles: ContrastiveTiles<Scalar>,
    weights: RowWeights<Scalar>)
}
