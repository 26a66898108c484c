import Glibc

/// The standard loss L_out with all other rows in the denominators (Khosla and others 2020, equation 2), which has the
/// fastest loops.
///
/// It needs only ℓ_i and the sum of each class's embeddings:
///
///     L_i = ℓ_i − (1/|P(i)|) Σ_{p∈P(i)} s_ip,   ℓ_i = log Σ_{a≠i} e^{s_ia}
///
///     G_ij + G_ji = w_i e^{s_ij−ℓ_i} + w_j e^{s_ij−ℓ_j} − [same class] (w_i/|P(i)| + w_j/|P(j)|)
struct StandardLoss<Scalar: TileArithmetic>: LossStrategy {
  /// Returns the sum of each class's embeddings, `[classes, width]`.
  @inline(__always)
  @unsafe func batchSums(_ tiles: ContrastiveTiles<Scalar>) -> [Double] {
    let width = unsafe tiles.width
    var classSums = unsafe [Double](repeating: 0, count: tiles.classCount * width)
    for row in unsafe 0..<tiles.count {
      let start = unsafe Int(tiles.pairs.classes[row]) * width
      for index in 0..<width {
        unsafe classSums[start + index] += Double(tiles.embeddings[row * width + index])
      }
    }
    return classSums
  }

  /// Writes ℓ_i of the rows into `statistics`, and their losses.
  ///
  /// The largest similarity so far, without the row itself, is subtracted before exponentiation, so that no temperature
  /// causes underflow.
  @inline(__always)
  @unsafe func statistics(
    _ tiles: ContrastiveTiles<Scalar>, rows: Range<Int>, batchSums: [Double], scratch: UnsafeMutablePointer<Scalar>,
    into statistics: UnsafeMutablePointer<Scalar>, losses: UnsafeMutablePointer<Double>
  ) {
    var sums = [RunningLogSum<Scalar>](repeating: RunningLogSum(), count: rows.count)
    unsafe tiles.forEachLine(of: rows, in: rows, scratch: scratch) { row, line, columns in
      unsafe sums[row - rows.lowerBound].add(line, count: columns.count)
    }
    for row in rows {
      let index = row - rows.lowerBound
      unsafe statistics[row] = Scalar(sums[index].value)
      unsafe losses[index] =
        tiles.positiveCounts[row] > 0
        ? Double(statistics[row]) - positiveMean(tiles, row: row, classSums: batchSums) / tiles.temperature : 0
    }
  }

  /// Returns (1/|P(i)|) Σ_{p∈P(i)} z_i·z_p, computed as (z_i·C − z_i·z_i) / |P(i)| from the sum C of the embeddings of
  /// i's class.
  @inline(__always)
  private func positiveMean(_ tiles: ContrastiveTiles<Scalar>, row: Int, classSums: [Double]) -> Double {
    let width = unsafe tiles.width
    let start = unsafe Int(tiles.pairs.classes[row]) * width
    var product = 0.0
    for index in 0..<width {
      let element = unsafe Double(tiles.embeddings[row * width + index])
      product += element * (classSums[start + index] - element)
    }
    return unsafe product / Double(tiles.positiveCounts[row])
  }

  @inline(__always)
  @unsafe func replaceByFactors(
    _ line: UnsafeMutablePointer<Scalar>, row: Int, columns: Range<Int>, _ tiles: ContrastiveTiles<Scalar>,
    weights: RowWeights<Scalar>
  ) {
    unsafe Scalar.pairFactors(line, row: row, columns: columns, pairs: tiles.pairs, weights: weights)
  }
}
