import Glibc

extension ContrastiveTiles {
  /// What the rows of one block need to know of themselves in a mode of the loss, and their losses L_i.
  ///
  /// - Parameters:
  ///   - rows: The block.
  ///   - positiveCounts: |P(i)| of all rows, 0 for those that are no anchors.
  ///   - scratch: ``scratchCount`` elements.
  ///   - numbers: Receives d, then q and h where the mode has them (``RowWeights``), at the rows' places in `[count, numbersPerRow]`.
  ///     A row that is no anchor has d and q infinite, so that its terms vanish.
  ///   - losses: Receives L_i of the block's rows, 0 for those that are no anchors.
  @inline(__always)
  func rowStatistics(
    rows: Range<Int>, positiveCounts: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Scalar>,
    into numbers: UnsafeMutablePointer<Scalar>, losses: UnsafeMutablePointer<Double>
  ) {
    let anchors = rows.filter { row in unsafe positiveCounts[row] > 0 }
    let inDenominator = unsafe mode.denominator == .all ? PairSelection.positivesAndNegatives : .negatives
    let isInside = unsafe mode.summation == .inside
    let line = unsafe scratch + Self.rowsPerBlock * Self.columnsPerTile
    var denominators = [RunningLogSum<Scalar>](repeating: RunningLogSum(), count: rows.count)
    var positives = denominators
    var positiveSums = [Double](repeating: 0, count: rows.count)
    unsafe forEachLine(of: anchors, in: rows, scratch: scratch) { row, similarities, columns in
      let index = row - rows.lowerBound
      unsafe Scalar.select(
        inDenominator, of: similarities, row: row, columns: columns, pairs: pairs, into: line)
      unsafe denominators[index].add(line, count: columns.count)
      if unsafe mode.denominator == .onePositive {
        return
      }
      unsafe Scalar.select(.positives, of: similarities, row: row, columns: columns, pairs: pairs, into: line)
      if isInside {
        unsafe positives[index].add(line, count: columns.count)
      } else {
        unsafe positiveSums[index] += Scalar.finiteSum(line, count: columns.count)
      }
    }
    var shares = [Double](repeating: 0, count: rows.count)
    if unsafe mode.denominator == .onePositive {
      unsafe addPositives(
        of: anchors, in: rows, minus: denominators, scratch: scratch, logSums: &positives, sums: &positiveSums,
        shares: &shares)
    }

    for row in rows {
      let index = row - rows.lowerBound
      let positiveCount = unsafe Double(positiveCounts[row])
      let isAnchor = positiveCount > 0
      let denominator = denominators[index].value
      let logSum = positives[index].value
      // −log of a mean: of e^{s−d}, which d is a part of, or of σ(s−ν), which has it already.
      let subtracted = unsafe mode.denominator == .onePositive ? 0 : denominator
      let loss =
        isInside
        ? subtracted - logSum + log(positiveCount) : subtracted - positiveSums[index] / positiveCount
      unsafe losses[index] = isAnchor ? loss : 0
      let own = [denominator] + (isInside ? [logSum] : [])
      var place = unsafe numbers + row * mode.statisticsPerRow
      for number in own {
        unsafe place.pointee = isAnchor ? Scalar(number) : .infinity
        unsafe place += 1
      }
      if unsafe mode.denominator == .onePositive {
        let share = isInside ? shares[index] : shares[index] / positiveCount
        unsafe place.pointee = isAnchor ? Scalar(share) : 0
      }
    }
  }

  /// The positives' part in a loss with one positive in each denominator, once the negatives' ν of each row is known.
  ///
  /// - Parameters:
  ///   - anchors: The rows.
  ///   - rows: Their block.
  ///   - negatives: ν of the block's rows.
  ///   - scratch: ``scratchCount`` elements.
  ///   - logSums: Inside, log Σ σ(s−ν).
  ///   - sums: Outside, Σ log σ(s−ν).
  ///   - shares: Σ σ(ν−s), or inside Σ σ(s−ν) σ(ν−s) ÷ Σ σ(s−ν).
  @inline(__always)
  private func addPositives(
    of anchors: [Int], in rows: Range<Int>, minus negatives: [RunningLogSum<Scalar>],
    scratch: UnsafeMutablePointer<Scalar>, logSums: inout [RunningLogSum<Scalar>], sums: inout [Double],
    shares: inout [Double]
  ) {
    let isInside = unsafe mode.summation == .inside
    let line = unsafe scratch + Self.rowsPerBlock * Self.columnsPerTile
    let complements = unsafe line + Self.columnsPerTile
    var products = [RunningLogSum<Scalar>](repeating: RunningLogSum(), count: rows.count)
    unsafe forEachLine(of: anchors, in: rows, scratch: scratch) { row, similarities, columns in
      let index = row - rows.lowerBound
      unsafe Scalar.select(.positives, of: similarities, row: row, columns: columns, pairs: pairs, into: line)
      unsafe Scalar.logSigmoids(
        line, count: columns.count, minus: Scalar(negatives[index].value), isProduct: isInside,
        complements: complements)
      if isInside {
        unsafe logSums[index].add(line, count: columns.count)
        unsafe products[index].add(complements, count: columns.count)
      } else {
        unsafe sums[index] += Scalar.finiteSum(line, count: columns.count)
        unsafe shares[index] += Scalar.exponentialSum(complements, count: columns.count, minus: 0)
      }
    }
    if isInside {
      for row in anchors {
        let index = row - rows.lowerBound
        shares[index] = exp(products[index].value - logSums[index].value)
      }
    }
  }

  /// Lends the similarities of some rows of a block, tile by tile, −∞ in the row's own place.
  @inline(__always)
  private func forEachLine(
    of some: [Int], in rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>,
    _ body: (_ row: Int, _ similarities: UnsafeMutablePointer<Scalar>, _ columns: Range<Int>) -> Void
  ) {
    guard !some.isEmpty else { return }
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      for row in some {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        if columns.contains(row) {
          unsafe line[row - firstColumn] = -.infinity
        }
        unsafe body(row, line, columns)
      }
    }
  }
}
