import Glibc

/// The computations of any variant of the contrastive loss, with the formulas of ``LossVariant`` and ``RowWeights``.
struct GeneralLoss<Scalar: TileArithmetic>: LossStrategy {
  /// The variant of the loss.
  let variant: LossVariant

  /// Returns an empty array, because no sums over the whole batch are needed.
  @inline(__always)
  @unsafe func batchSums(_ tiles: ContrastiveTiles<Scalar>) -> [Double] { [] }

  @inline(__always)
  @unsafe func replaceByFactors(
    _ line: UnsafeMutablePointer<Scalar>, row: Int, columns: Range<Int>, _ tiles: ContrastiveTiles<Scalar>,
    weights: RowWeights<Scalar>
  ) {
    unsafe Scalar.generalFactors(
      line, row: row, columns: columns, pairs: tiles.pairs, weights: weights, variant: variant)
  }

  /// The sums from which the loss of each row of one block is computed, indexed by row within the block.
  private struct Sums {
    /// The logarithm of each row's denominator without the margin: log Σ_A e^s over all other rows, or ν = log Σ_N e^s
    /// over the negatives.
    var denominators: [RunningLogSum<Scalar>]
    /// The sums over positives for L_in: log Σ_P e^s or, with ``LossVariant/Denominator/onePositive``, log Σ_P σ(s−d),
    /// where d is defined in ``RowWeights``.
    var positiveLogSums: [RunningLogSum<Scalar>]
    /// The sums over positives for L_out: Σ_P s or, with one positive per denominator, Σ_P log σ(s−d).
    var positiveSums: [Double]
    /// The sums for the statistic h, with one positive per denominator: Σ_P σ(d−s) for L_out, or Σ_P σ(s−d) σ(d−s) ÷
    /// Σ_P σ(s−d) for L_in.
    var shares: [Double]

    init(count: Int) {
      denominators = Array(repeating: RunningLogSum(), count: count)
      positiveLogSums = denominators
      positiveSums = Array(repeating: 0, count: count)
      shares = positiveSums
    }
  }

  /// Writes the losses of a block's rows, and their statistics d, q and h (``RowWeights``), if the variant has these.
  ///
  /// For a row that is not an anchor, d and q are infinite, so that its terms vanish.
  @inline(__always)
  @unsafe func statistics(
    _ tiles: ContrastiveTiles<Scalar>, rows: Range<Int>, batchSums: [Double], scratch: UnsafeMutablePointer<Scalar>,
    into statistics: UnsafeMutablePointer<Scalar>, losses: UnsafeMutablePointer<Double>
  ) {
    let anchors = rows.filter { row in unsafe tiles.positiveCounts[row] > 0 }
    var sums = Sums(count: rows.count)
    unsafe addDenominators(tiles, of: anchors, in: rows, scratch: scratch, to: &sums)
    if variant.denominator == .onePositive {
      unsafe addPositives(tiles, of: anchors, in: rows, scratch: scratch, to: &sums)
    }
    for row in rows {
      let index = row - rows.lowerBound
      let positiveCount = unsafe Double(tiles.positiveCounts[row])
      unsafe losses[index] = positiveCount > 0 ? loss(of: sums, at: index, positiveCount: positiveCount) : 0
      unsafe store(
        sums, at: index, positiveCount: positiveCount, into: statistics + row * variant.statisticsPerRow)
    }
  }

  /// Returns the loss L_i of an anchor.
  private func loss(of sums: Sums, at index: Int, positiveCount: Double) -> Double {
    // With sums inside, −log of a mean: of e^{s−d}, where d is subtracted here, or of e^ε σ(s−d).
    let subtracted = variant.denominator == .onePositive ? -variant.margin : sums.denominators[index].value
    return variant.summation == .inside
      ? subtracted - sums.positiveLogSums[index].value + log(positiveCount)
      : subtracted - sums.positiveSums[index] / positiveCount
  }

  /// Writes the statistics d, q and h of a row, if the variant has these.
  private func store(
    _ sums: Sums, at index: Int, positiveCount: Double, into statistics: UnsafeMutablePointer<Scalar>
  ) {
    let isAnchor = positiveCount > 0
    let isInside = variant.summation == .inside
    var place = unsafe statistics
    func add(_ number: Double, orElse other: Scalar) {
      unsafe place.pointee = isAnchor ? Scalar(number) : other
      unsafe place += 1
    }
    add(denominator(of: sums, at: index), orElse: .infinity)
    if isInside {
      add(sums.positiveLogSums[index].value, orElse: .infinity)
    }
    if variant.denominator == .onePositive {
      // For a negative, e^{s−ν} = e^ε e^{s−d}.
      let share = isInside ? sums.shares[index] : sums.shares[index] / positiveCount
      add(share * exp(variant.margin), orElse: 0)
    }
  }

  /// Returns the denominator of a row's loss, written d in ``RowWeights``.
  @inline(__always)
  private func denominator(of sums: Sums, at index: Int) -> Double {
    sums.denominators[index].value + variant.margin
  }

  /// Sums each anchor's denominator in a first pass over the lines (rows of tiles), and the terms of its positives
  /// unless these depend on the denominator.
  @inline(__always)
  private func addDenominators(
    _ tiles: ContrastiveTiles<Scalar>, of anchors: [Int], in rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>,
    to sums: inout Sums
  ) {
    let inDenominator = variant.denominator == .all ? PairSelection.positivesAndNegatives : .negatives
    let line = unsafe scratch + ContrastiveTiles<Scalar>.rowsPerBlock * ContrastiveTiles<Scalar>.columnsPerTile
    unsafe tiles.forEachLine(of: anchors, in: rows, scratch: scratch) { row, similarities, columns in
      let index = row - rows.lowerBound
      unsafe Scalar.select(
        inDenominator, of: similarities, row: row, columns: columns, pairs: tiles.pairs, into: line)
      unsafe sums.denominators[index].add(line, count: columns.count)
      if variant.denominator == .onePositive {
        return
      }
      unsafe Scalar.select(.positives, of: similarities, row: row, columns: columns, pairs: tiles.pairs, into: line)
      if variant.summation == .inside {
        unsafe sums.positiveLogSums[index].add(line, count: columns.count)
      } else {
        unsafe sums.positiveSums[index] += Scalar.finiteSum(line, count: columns.count)
      }
    }
  }

  /// Sums the terms of each anchor's positives in a second pass over the lines (rows of tiles), for a loss with one
  /// positive per denominator, where they depend on the denominator.
  @inline(__always)
  private func addPositives(
    _ tiles: ContrastiveTiles<Scalar>, of anchors: [Int], in rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>,
    to sums: inout Sums
  ) {
    let isInside = variant.summation == .inside
    let line = unsafe scratch + ContrastiveTiles<Scalar>.rowsPerBlock * ContrastiveTiles<Scalar>.columnsPerTile
    let complements = unsafe line + ContrastiveTiles<Scalar>.columnsPerTile
    var products = [RunningLogSum<Scalar>](repeating: RunningLogSum(), count: rows.count)
    unsafe tiles.forEachLine(of: anchors, in: rows, scratch: scratch) { row, similarities, columns in
      let index = row - rows.lowerBound
      unsafe Scalar.select(.positives, of: similarities, row: row, columns: columns, pairs: tiles.pairs, into: line)
      unsafe Scalar.logSigmoids(
        line, count: columns.count, minus: Scalar(denominator(of: sums, at: index)), isProduct: isInside,
        complements: complements)
      if isInside {
        unsafe sums.positiveLogSums[index].add(line, count: columns.count)
        unsafe products[index].add(complements, count: columns.count)
      } else {
        unsafe sums.positiveSums[index] += Scalar.finiteSum(line, count: columns.count)
        unsafe sums.shares[index] += Scalar.exponentialSum(complements, count: columns.count, minus: 0)
      }
    }
    if isInside {
      for row in anchors {
        let index = row - rows.lowerBound
        sums.shares[index] = exp(products[index].value - sums.positiveLogSums[index].value)
      }
    }
  }
}
