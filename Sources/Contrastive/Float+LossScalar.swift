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
    _ line: UnsafeMutablePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Float>
  ) {
    unsafe kernels.contrastive_factors(
      line, columns.count, lossRow(row, pairs, weights), lossColumns(columns, pairs, weights))
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func modeFactors(
    _ line: UnsafeMutablePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Float>,
    mode: LossMode
  ) {
    unsafe kernels.contrastive_mode_factors(
      line, columns.count, lossRow(row, pairs, weights), lossColumns(columns, pairs, weights),
      KernelLossMode(
        summation: mode.summation == .inside ? KERNEL_SUM_INSIDE : KERNEL_SUM_OUTSIDE,
        denominator: mode.denominator.kernelName, kept_samples: pairs.keptSamples))
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func select(
    _ selection: PairSelection, of line: UnsafePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Float>
  ) {
    let first = columns.lowerBound
    unsafe kernels.select_pairs(
      line, columns.count, pairs.classes[row], pairs.sampleNumbers[row], pairs.classes + first,
      pairs.sampleNumbers + first, pairs.keptSamples, selection.kernelName, selected)
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func logSigmoids(
    _ line: UnsafeMutablePointer<Float>, count: Int, minus shift: Float, isProduct: Bool,
    complements: UnsafeMutablePointer<Float>
  ) {
    unsafe kernels.log_sigmoids(line, count, shift, isProduct ? 1 : 0, complements)
  }

  /// By the kernels.
  @inline(__always)
  @unsafe public static func finiteSum(_ line: UnsafePointer<Float>, count: Int) -> Double {
    unsafe kernels.finite_sum(line, count)
  }

  /// The tiles' loop in float32.
  @unsafe public static func transpose(
    _ embeddings: UnsafePointer<Float>, count: Int, width: Int, into columns: UnsafeMutablePointer<Float>
  ) {
    unsafe ContrastiveTiles.transpose(embeddings, count: count, width: width, into: columns)
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
  @unsafe public static func rowStatistics(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, positiveCounts: UnsafePointer<Int32>,
    scratch: UnsafeMutablePointer<Float>, into numbers: UnsafeMutablePointer<Float>,
    losses: UnsafeMutablePointer<Double>
  ) {
    unsafe tiles.rowStatistics(
      rows: rows, positiveCounts: positiveCounts, scratch: scratch, into: numbers, losses: losses)
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

  @inline(__always)
  private static func lossRow(_ row: Int, _ pairs: PairTable, _ weights: RowWeights<Float>) -> KernelLossRow {
    unsafe KernelLossRow(
      log_sum_exp: weights.logSumExps[row], anchor_weight: weights.anchor[row],
      positive_weight: weights.positive[row], class_number: pairs.classes[row],
      positive_log_sum: weights.positiveLogSums[row], sample_number: pairs.sampleNumbers[row])
  }

  @inline(__always)
  private static func lossColumns(
    _ columns: Range<Int>, _ pairs: PairTable, _ weights: RowWeights<Float>
  ) -> KernelLossColumns {
    let first = columns.lowerBound
    return unsafe KernelLossColumns(
      log_sum_exps: weights.logSumExps + first, anchor_weights: weights.anchor + first,
      positive_weights: weights.positive + first, class_numbers: pairs.classes + first,
      positive_log_sums: weights.positiveLogSums + first, sample_numbers: pairs.sampleNumbers + first)
  }
}

extension LossMode.Denominator {
  fileprivate var kernelName: KernelDenominator {
    switch self {
    case .all: KERNEL_DENOMINATOR_ALL
    case .onePositive: KERNEL_DENOMINATOR_ONE_POSITIVE
    case .onlyNegatives: KERNEL_DENOMINATOR_NEGATIVES
    }
  }
}

extension PairSelection {
  fileprivate var kernelName: KernelSelection {
    switch self {
    case .positives: KERNEL_POSITIVES
    case .negatives: KERNEL_NEGATIVES
    case .positivesAndNegatives: KERNEL_POSITIVES_AND_NEGATIVES
    }
  }
}
