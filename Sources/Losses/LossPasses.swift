import MPI

/// A type that the contrastive loss can be computed in: `Float` in training, `Double` to check it.
public protocol LossScalar: BinaryFloatingPoint, BitwiseCopyable, SendableMetatype, TreeElement {
  /// The passes over a batch for one mode of the loss, compiled for this type.
  static func passes(of mode: LossMode) -> LossPasses<Self>
}

/// The passes of one loss over the tiles of a batch, compiled for one scalar type.
///
/// Each is called once for a block of 128 rows or for the whole batch, and is a loop over tiles of its own: what happens within is specialized
/// for the scalar and for the loss (``LossStrategy``), so that only these calls are indirect.
@safe
public struct LossPasses<Scalar: LossScalar>: Sendable {
  /// ``ContrastiveTiles/transpose(_:count:width:into:)``.
  let transpose:
    @Sendable (
      _ embeddings: UnsafePointer<Scalar>, _ count: Int, _ width: Int, _ columns: UnsafeMutablePointer<Scalar>
    ) -> Void

  /// ``LossStrategy/batchSums(_:)``.
  let batchSums: @Sendable (_ tiles: ContrastiveTiles<Scalar>) -> [Double]

  /// ``LossStrategy/statistics(_:rows:batchSums:scratch:into:losses:)``.
  let statistics:
    @Sendable (
      _ tiles: ContrastiveTiles<Scalar>, _ rows: Range<Int>, _ batchSums: [Double],
      _ scratch: UnsafeMutablePointer<Scalar>, _ statistics: UnsafeMutablePointer<Scalar>,
      _ losses: UnsafeMutablePointer<Double>
    ) -> Void

  /// ``ContrastiveTiles/gradients(rows:weights:strategy:scratch:into:)``.
  let gradients:
    @Sendable (
      _ tiles: ContrastiveTiles<Scalar>, _ rows: Range<Int>, _ weights: RowWeights<Scalar>,
      _ scratch: UnsafeMutablePointer<Scalar>, _ gradients: UnsafeMutablePointer<Scalar>
    ) -> Void

  /// The passes of a strategy.
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

/// The part of a contrastive loss that differs between the standard one and the other modes.
protocol LossStrategy: Sendable {
  associatedtype Scalar: TileArithmetic

  /// Sums over the whole batch that the losses of every block read; computed once.
  @unsafe func batchSums(_ tiles: ContrastiveTiles<Scalar>) -> [Double]

  /// The first pass: the statistics of one block's rows and their losses L_i.
  ///
  /// - Parameters:
  ///   - tiles: The batch.
  ///   - rows: The block.
  ///   - batchSums: ``batchSums(_:)``.
  ///   - scratch: ``ContrastiveTiles/scratchCount`` elements.
  ///   - statistics: Receives the rows' numbers at their places in `[count, statisticsPerRow]`.
  ///   - losses: Receives L_i of the block's rows, 0 for those that are no anchors.
  @unsafe func statistics(
    _ tiles: ContrastiveTiles<Scalar>, rows: Range<Int>, batchSums: [Double], scratch: UnsafeMutablePointer<Scalar>,
    into statistics: UnsafeMutablePointer<Scalar>, losses: UnsafeMutablePointer<Double>)

  /// In the second pass, replaces the similarities s_ij of one row i by G_ij + G_ji of
  /// ``ContrastiveTiles/gradients(rows:weights:strategy:scratch:into:)``.
  ///
  /// The value in the row's own column is arbitrary afterwards.
  @unsafe func replaceByFactors(
    _ line: UnsafeMutablePointer<Scalar>, row: Int, columns: Range<Int>, _ tiles: ContrastiveTiles<Scalar>,
    weights: RowWeights<Scalar>)
}
