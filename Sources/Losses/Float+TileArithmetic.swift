import Kernels
import MPI
import OneDNN

/// The C functions compiled for the best instruction set of this CPU.
private let kernels = unsafe kernels_of(kernels_best_path()).pointee

extension Float: LossScalar {
  /// Returns the functions that compute a variant of the loss, for float32.
  public static func passes(of variant: LossVariant) -> LossPasses<Float> {
    variant.isStandard ? LossPasses(StandardLoss<Float>()) : LossPasses(GeneralLoss<Float>(variant: variant))
  }
}

/// Matrix products by oneDNN, and loops by the target `Kernels`.
extension Float: TileArithmetic {
  @unsafe static func similarities(
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

  @unsafe static func accumulate(
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

  @inline(__always)
  @unsafe static func largest(_ line: UnsafePointer<Float>, count: Int, atLeast least: Float) -> Float {
    unsafe kernels.largest_element(line, count, least)
  }

  @inline(__always)
  @unsafe static func exponentialSum(_ line: UnsafePointer<Float>, count: Int, minus shift: Float) -> Double {
    unsafe kernels.exponential_sum(line, count, shift)
  }

  @inline(__always)
  @unsafe static func pairFactors(
    _ line: UnsafeMutablePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Float>
  ) {
    unsafe kernels.contrastive_factors(
      line, columns.count, lossRow(row, pairs, weights), lossColumns(columns, pairs, weights))
  }

  @inline(__always)
  @unsafe static func generalFactors(
    _ line: UnsafeMutablePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Float>,
    variant: LossVariant
  ) {
    unsafe kernels.contrastive_mode_factors(
      line, columns.count, lossRow(row, pairs, weights), lossColumns(columns, pairs, weights),
      KernelLossMode(
        summation: variant.summation == .inside ? KERNEL_SUM_INSIDE : KERNEL_SUM_OUTSIDE,
        denominator: variant.denominator.kernelName, kept_samples: pairs.keptSamples))
  }

  @inline(__always)
  @unsafe static func select(
    _ selection: PairSelection, of line: UnsafePointer<Float>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Float>
  ) {
    let first = columns.lowerBound
    unsafe kernels.select_pairs(
      line, columns.count, pairs.classes[row], pairs.sampleNumbers[row], pairs.classes + first,
      pairs.sampleNumbers + first, pairs.keptSamples, selection.kernelName, selected)
  }

  @inline(__always)
  @unsafe static func logSigmoids(
    _ line: UnsafeMutablePointer<Float>, count: Int, minus shift: Float, isProduct: Bool,
    complements: UnsafeMutablePointer<Float>
  ) {
    unsafe kernels.log_sigmoids(line, count, shift, isProduct ? 1 : 0, complements)
  }

  @inline(__always)
  @unsafe static func finiteSum(_ line: UnsafePointer<Float>, count: Int) -> Double {
    unsafe kernels.finite_sum(line, count)
  }

  /// Runs a oneDNN matrix product, and ends the program if it fails: only a bug in this module can be the cause.
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

extension LossVariant.Denominator {
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
