import Glibc

/// The two passes of the loss over tiles of the similarity matrix s_ij = z_i·z_j / τ, which never exists as a whole.
///
/// An anchor block's rows are multiplied with `columnsPerTile` rows of the gathered embeddings at a time. Sizes and order of the tiles
/// depend on the global batch alone, so each row has the same bits on any number of ranks.
@unsafe
public struct ContrastiveTiles<Scalar: LossScalar> {
  /// How many columns a tile has, the last one excepted.
  static var columnsPerTile: Int { 1024 }

  /// How many rows an anchor block has at the most: with 1,024 columns of float32, 512 KiB, half of a core's level-2 cache.
  static var rowsPerBlock: Int { 128 }

  /// How far the elements of ``columns`` are apart: at a power of two they would share few sets of the cache, and the product of a tile
  /// takes a fifth longer.
  static var columnStride: Int { unsafe columnsPerTile + 16 }

  /// How many elements ``columns`` has.
  static func columnElements(count: Int, width: Int) -> Int {
    unsafe (count + columnsPerTile - 1) / columnsPerTile * width * columnStride
  }

  /// The number of scratch elements that all passes need: a tile, and two lines for ``rowStatistics(rows:positiveCounts:scratch:into:losses:)``.
  static var scratchCount: Int { unsafe (rowsPerBlock + 2) * columnsPerTile }

  /// All embeddings, unit rows, `[count, width]`.
  let embeddings: UnsafePointer<Scalar>
  /// The same transposed, tile by tile, `[tiles, width, columnStride]`.
  let columns: UnsafePointer<Scalar>
  /// Which rows are positives and negatives of each other.
  let pairs: PairTable
  /// Which loss it is.
  let mode: LossMode
  let count: Int
  let width: Int
  let inverseTemperature: Scalar

  /// Fills ``columns``: with transposed factors, oneDNN's product of a tile takes a sixth to a third less time than with rows.
  @inline(__always)
  static func transpose(
    _ embeddings: UnsafePointer<Scalar>, count: Int, width: Int, into columns: UnsafeMutablePointer<Scalar>
  ) {
    // So many rows at a time that they stay in the level-1 cache until all their elements are read.
    let strip = 16
    for first in stride(from: 0, to: count, by: strip) {
      let tile = unsafe first / columnsPerTile
      let start = unsafe tile * width * columnStride + first - tile * columnsPerTile
      for index in 0..<width {
        for row in first..<min(first + strip, count) {
          unsafe columns[start + index * columnStride + row - first] = embeddings[row * width + index]
        }
      }
    }
  }

  /// ℓ_i = log Σ_{a≠i} e^{s_ia} for the rows of one block, at their places in `logSumExps`.
  ///
  /// The largest similarity so far is subtracted before exponentiation (self excluded), so that no temperature underflows.
  @inline(__always)
  func logSumExps(
    rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>, into logSumExps: UnsafeMutablePointer<Scalar>
  ) {
    var sums = [RunningLogSum<Scalar>](repeating: RunningLogSum(), count: rows.count)
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      for row in rows {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        if columns.contains(row) {
          unsafe line[row - firstColumn] = -.infinity
        }
        unsafe sums[row - rows.lowerBound].add(line, count: columns.count)
      }
    }
    for row in rows {
      unsafe logSumExps[row] = Scalar(sums[row - rows.lowerBound].value)
    }
  }

  /// ∂L/∂z_i = (1/τ) Σ_{j≠i} (G_ij + G_ji) z_j for the rows of one block, `[rows, width]`, with
  /// G_ij + G_ji = w_i e^{s_ij−ℓ_i} + w_j e^{s_ij−ℓ_j} − [same class] (w_i/|P(i)| + w_j/|P(j)|).
  ///
  /// Both roles of z_i, anchor and contrast, in one product; the positives are subtracted before it, where nothing cancels. The other modes
  /// of the loss differ in G (``RowWeights``).
  @inline(__always)
  func gradients(
    rows: Range<Int>, weights: RowWeights<Scalar>, scratch: UnsafeMutablePointer<Scalar>,
    into gradients: UnsafeMutablePointer<Scalar>
  ) {
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      for row in rows {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        if unsafe mode.isStandard {
          unsafe Scalar.pairFactors(line, row: row, columns: columns, pairs: pairs, weights: weights)
        } else {
          unsafe Scalar.modeFactors(line, row: row, columns: columns, pairs: pairs, weights: weights, mode: mode)
        }
        if columns.contains(row) {
          unsafe line[row - firstColumn] = 0
        }
      }
      unsafe Scalar.accumulate(
        tile: scratch, rowCount: rows.count, columns: embeddings + firstColumn * width, columnCount: columns.count,
        width: width, scale: inverseTemperature, isFirst: firstColumn == 0, into: gradients)
    }
  }

  /// (1/|P(i)|) Σ_{p∈P(i)} z_i·z_p = (z_i·C − z_i·z_i) / |P(i)| for some rows, by the sums C of each class's rows; 0 where there is no positive.
  @inline(__always)
  func positiveMeans(rows: Range<Int>, classSizes: [Int]) -> [Double] {
    var classSums = unsafe [Double](repeating: 0, count: classSizes.count * width)
    for row in unsafe 0..<count {
      let start = unsafe Int(pairs.classes[row]) * width
      for index in unsafe 0..<width {
        unsafe classSums[start + index] += Double(embeddings[row * width + index])
      }
    }
    return rows.map { row in
      let positives = unsafe classSizes[Int(pairs.classes[row])] - 1
      guard positives > 0 else { return 0 }
      let start = unsafe Int(pairs.classes[row]) * width
      var product = 0.0
      for index in unsafe 0..<width {
        let element = unsafe Double(embeddings[row * width + index])
        product += element * (classSums[start + index] - element)
      }
      return product / Double(positives)
    }
  }

  @inline(__always)
  func similarities(rows: Range<Int>, columns: Range<Int>, into tile: UnsafeMutablePointer<Scalar>) {
    unsafe Scalar.similarities(
      rows: embeddings + rows.lowerBound * width, rowCount: rows.count,
      columns: self.columns + columns.lowerBound / Self.columnsPerTile * width * Self.columnStride,
      columnStride: Self.columnStride, columnCount: columns.count, width: width, scale: inverseTemperature, into: tile)
  }
}
