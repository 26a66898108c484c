import Kernels
import MPI
import OneDNN

/// The loops of the instruction set that this CPU runs.
private let kernels = unsafe kernels_of(kernels_best_path()).pointee

extension Float: LossScalar {
  /// One matrix product by oneDNN.
  @unsafe public static func similarities(
    rows: UnsafePointer<Float>, rowCount: Int, columns: UnsafePointer<Float>, columnStride: Int, columnCount: Int,
    width: Int, scale: Float, into tile: UnsafeMutablePointer<Float>
  ) {
    product {
      () throws(DNNLError) in
      try unsafe multiply(
        rows: rowCount, columns: columnCount, depth: width, alpha: scale, rows, stride: width, .none,
        columns, stride: columnStride, .none, into: tile, stride: columnCount)
    }
  }

  /// One matrix product by oneDNN.
  @unsafe public static func accumulate(
    tile: UnsafePointer<Float>, rowCount: Int, columns: UnsafePointer<Float>, columnCount: Int, width: Int,
    scale: Float, isFirst: Bool, into sums: UnsafeMutablePointer<Float>
  ) {
    product {
      () throws(DNNLError) in
      try unsafe multiply(
        rows: rowCount, columns: width, depth: columnCount, alpha: scale, tile, stride: columnCount, .none,
        columns, stride: width, .none, beta: isFirst ? 0 : 1, into: sums, stride: width)
    }
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func largest(_ line: UnsafePointer<Float>, count: Int, atLeast least: Float) -> Float {
    unsafe kernels.largest_element(line, count, least)
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func exponentialSum(_ line: UnsafePointer<Float>, count: Int, minus shift: Float) -> Double {
    unsafe kernels.exponential_sum(line, count, shift)
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func pairFactors(
    _ line: UnsafeMutablePointer<Float>, row: Int, columns: Range<Int>, classes: UnsafePointer<Int32>,
    weights: RowWeights<Float>
  ) {
    let first = columns.lowerBound
    unsafe kernels.contrastive_factors(
      line, columns.count,
      KernelLossRow(
        log_sum_exp: weights.logSumExps[row], anchor_weight: weights.anchor[row],
        positive_weight: weights.positive[row], class_number: classes[row]),
      KernelLossColumns(
        log_sum_exps: weights.logSumExps + first, anchor_weights: weights.anchor + first,
        positive_weights: weights.positive + first, class_numbers: classes + first))
  }

  /// The tiles' loop in float32.
  @unsafe public static func transpose(
    _ embeddings: UnsafePointer<Float>, count: Int, width: Int, into columns: UnsafeMutablePointer<Float>
  ) {
    unsafe ContrastiveTiles.transpose(embeddings, count: count, width: width, into: columns)
  }

  /// One element after the other.
  public static func firstNonFinite(_ elements: [Float]) -> Int? {
    elements.firstIndex { element in !element.isFinite }
  }

  /// The tiles' loop in float32.
  @unsafe public static func positiveMeans(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, classSizes: [Int]
  ) -> [Double] {
    unsafe tiles.positiveMeans(rows: rows, classSizes: classSizes)
  }

  /// The tiles' loop in float32.
  @unsafe public static func logSumExps(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    into logSumExps: UnsafeMutablePointer<Float>
  ) {
    unsafe tiles.logSumExps(rows: rows, scratch: scratch, into: logSumExps)
  }

  /// The tiles' loop in float32.
  @unsafe public static func gradients(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, weights: RowWeights<Float>,
    scratch: UnsafeMutablePointer<Float>, into gradients: UnsafeMutablePointer<Float>
  ) {
    unsafe tiles.gradients(rows: rows, weights: weights, scratch: scratch, into: gradients)
  }

  /// A product whose only failures are wrong arguments, which would be this module's own fault.
  private static func product(_ body: () throws(DNNLError) -> Void) {
    do throws(DNNLError) {
      try body()
    } catch {
      fatalError("\(error)")
    }
  }
}
