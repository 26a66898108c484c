/// A gathered batch, processed in tiles of the similarity matrix s_ij = z_i·z_j / τ, which is never stored as a whole.
///
/// A block of rows is multiplied by `columnsPerTile` columns at a time. Sizes and order of the tiles depend on the
/// global batch only, so that each row has the same bits on any number of ranks.
@unsafe
struct ContrastiveTiles<Scalar: LossScalar> {
  /// The number of columns of a tile; the last tile of a row of tiles may have fewer.
  static var columnsPerTile: Int { 1024 }

  /// The largest number of rows of a block: with 1,024 columns of float32 a tile takes 512 KiB, half of a core's
  /// level-2 cache.
  static var rowsPerBlock: Int { 128 }

  /// The distance in elements between the rows of ``columns``.
  ///
  /// If it were a power of two, the rows would share few cache sets, and the matrix product of a tile would take a
  /// fifth longer.
  static var columnStride: Int { unsafe columnsPerTile + 16 }

  /// Returns the number of elements that ``columns`` needs for `count` rows of `width` elements, padding included.
  static func columnElements(count: Int, width: Int) -> Int {
    unsafe (count + columnsPerTile - 1) / columnsPerTile * width * columnStride
  }

  /// The number of elements of scratch memory for any pass: one tile, and two lines (rows of a tile) for
  /// ``GeneralLoss``.
  static var scratchCount: Int { unsafe (rowsPerBlock + 2) * columnsPerTile }

  /// The embeddings of all ranks, `[count, width]`, with rows of unit length.
  let embeddings: UnsafePointer<Scalar>
  /// The embeddings transposed, tile by tile, `[tiles, width, columnStride]`.
  let columns: UnsafePointer<Scalar>
  /// The positives and negatives of each row.
  let pairs: PairTable
  /// The number |P(i)| of positives of each row; 0 for rows that are not anchors.
  let positiveCounts: UnsafePointer<Int32>
  let classCount: Int
  let count: Int
  let width: Int
  /// The temperature τ.
  let temperature: Double

  /// Writes the embeddings, transposed tile by tile, into ``columns``.
  ///
  /// The product of a tile by oneDNN then takes a sixth to a third less time.
  @inline(__always)
  static func transpose(
    _ embeddings: UnsafePointer<Scalar>, count: Int, width: Int, into columns: UnsafeMutablePointer<Scalar>
  ) {
    // The number of rows copied at a time: few enough to stay in the level-1 cache until all their elements are read.
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
}

// MARK: - Passes

extension ContrastiveTiles where Scalar: TileArithmetic {
  /// Computes ∂L/∂z_i = (1/τ) Σ_{j≠i} (G_ij + G_ji) z_j for the rows i of one block, `[rows, width]`, with
  /// G_ij = ∂L_i/∂s_ij of anchor i.
  ///
  /// One product covers z_i both as anchor and as contrast. The positives' terms are subtracted within G before the
  /// product, because a subtraction from the product would cancel digits. `strategy` computes G_ij + G_ji.
  @inline(__always)
  func gradients<Strategy: LossStrategy>(
    rows: Range<Int>, weights: RowWeights<Scalar>, strategy: Strategy, scratch: UnsafeMutablePointer<Scalar>,
    into gradients: UnsafeMutablePointer<Scalar>
  ) where Strategy.Scalar == Scalar {
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      for row in rows {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        unsafe strategy.replaceByFactors(line, row: row, columns: columns, self, weights: weights)
        if columns.contains(row) {
          unsafe line[row - firstColumn] = 0
        }
      }
      unsafe Scalar.accumulate(
        tile: scratch, rowCount: rows.count, columns: embeddings + firstColumn * width, columnCount: columns.count,
        width: width, scale: Scalar(1 / temperature), isFirst: firstColumn == 0, into: gradients)
    }
  }

  /// Calls `body` for each tile and each row in `some`, with the row's similarities in the tile; its own column is −∞.
  @inline(__always)
  func forEachLine(
    of some: some Collection<Int>, in rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>,
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

  @inline(__always)
  func similarities(rows: Range<Int>, columns: Range<Int>, into tile: UnsafeMutablePointer<Scalar>) {
    unsafe Scalar.similarities(
      rows: embeddings + rows.lowerBound * width, rowCount: rows.count,
      columns: self.columns + columns.lowerBound / Self.columnsPerTile * width * Self.columnStride,
      columnStride: Self.columnStride, columnCount: columns.count, width: width, scale: Scalar(1 / temperature),
      into: tile)
  }
}
